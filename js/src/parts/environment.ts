import { type ReadonlySignal, signal } from "@preact/signals";

/** What the page around the explorer looks like. */
export interface Environment {
  readonly dark: ReadonlySignal<boolean>;
  readonly ratio: ReadonlySignal<number>;
  readonly font: ReadonlySignal<string>;
}

/** Watches the notebook's theme and the screen's resolution. The only place that knows of either. */
export function watchEnvironment(root: HTMLElement, abort: AbortSignal): Environment {
  const dark = signal(isDark());
  const ratio = signal(window.devicePixelRatio || 1);
  const font = signal("sans-serif");

  const look = () => {
    dark.value = isDark();
    root.dataset.theme = dark.value ? "dark" : "light";
    font.value = getComputedStyle(root).fontFamily || "sans-serif";
  };
  const observer = new MutationObserver(look);
  const attributeFilter = ["class", "data-jp-theme-light", "data-jp-theme-name", "data-theme", "theme"];
  for (const element of [document.documentElement, document.body])
    observer.observe(element, { attributes: true, attributeFilter });
  // A view may be made before it is on the page, where no style reaches it: its first size tells that it has arrived.
  const arrival = new ResizeObserver(look);
  arrival.observe(root);
  abort.addEventListener(
    "abort",
    () => {
      observer.disconnect();
      arrival.disconnect();
    },
    { once: true },
  );

  for (const feature of ["prefers-color-scheme: dark", "forced-colors: active"])
    window.matchMedia?.(`(${feature})`).addEventListener("change", look, { signal: abort });
  const measure = () => {
    ratio.value = window.devicePixelRatio || 1;
  };
  window.addEventListener("resize", measure, { signal: abort });
  look();
  return { dark, ratio, font };
}

/** JupyterLab says so on the body, VS Code by a class, Colab and marimo on the root; else the system decides. */
function isDark(): boolean {
  const { body, documentElement } = document;
  const prefers = (feature: string) => window.matchMedia?.(`(${feature})`).matches ?? false;
  // The system's colours then stand under the canvases, whatever theme the notebook has.
  if (prefers("forced-colors: active")) return prefers("prefers-color-scheme: dark");
  const lab = body.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "false";
  if (body.classList.contains("vscode-dark") || body.classList.contains("vscode-high-contrast")) return true;
  if (body.classList.contains("vscode-light")) return false;
  const stated = documentElement.getAttribute("theme") ?? documentElement.dataset.theme ?? body.dataset.theme;
  if (stated === "dark" || stated === "light") return stated === "dark";
  if (body.classList.contains("dark") || documentElement.classList.contains("dark")) return true;
  return prefers("prefers-color-scheme: dark");
}
