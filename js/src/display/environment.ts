import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { contrast, type Rgb } from "../lib/colour";
import { blankGround, groundOf, opaque, parentOf } from "./ground";

/** What the page around the explorer looks like. */
export interface Environment {
  readonly dark: ReadonlySignal<boolean>;
  readonly ratio: ReadonlySignal<number>;
  /** What the canvases lie on; null where that cannot be told. */
  readonly ground: ReadonlySignal<Rgb | null>;
  readonly font: ReadonlySignal<string>;
  /** The height of the window, in pixels. */
  readonly height: ReadonlySignal<number>;
}

/** Watches the notebook's theme and the screen's resolution. The only place that knows of either. */
export function watchEnvironment(root: HTMLElement, abort: AbortSignal): Environment {
  const dark = signal(isDark(root));
  const ratio = signal(window.devicePixelRatio || 1);
  const font = signal("sans-serif");
  const ground = signal<Rgb | null>(null);

  const look = () => {
    dark.value = isDark(root);
    root.dataset.theme = dark.value ? "dark" : "light";
    // ipywidgets, and hosts with it, bring a ground of JupyterLab's into any page, light or dark: where theirs is not so, it is not meant.
    const brought = broughtGround(root);
    const meant = brought === null || isDarkColour(brought) === dark.value;
    root.style.setProperty("--jp-layout-color0", meant ? "" : "initial");
    font.value = getComputedStyle(root).fontFamily || "sans-serif";
    const found = groundOf(root.querySelector(".aw-frame") ?? root);
    if (String(found) !== String(ground.peek())) ground.value = found;
  };
  const observer = new MutationObserver(look);
  const attributeFilter = [
    "class",
    "data-jp-theme-light",
    "data-jp-theme-name",
    "data-theme",
    "theme",
    "style",
  ];
  for (const element of [document.documentElement, document.body])
    observer.observe(element, { attributes: true, attributeFilter });
  // A view may be made before it is on the page, where no style reaches it: its first size tells that it has arrived.
  const arrival = new ResizeObserver(look);
  arrival.observe(root);
  // Whatever else changes the ground ends in this (style/frame.css), or brings a sheet into the head.
  root.addEventListener("transitionend", look, { signal: abort });
  document.head.addEventListener("load", look, { capture: true, signal: abort });
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
  followRatio(ratio, abort);
  const height = signal(window.innerHeight);
  const grow = () => {
    height.value = window.innerHeight;
  };
  window.addEventListener("resize", grow, { signal: abort });
  look();
  return { dark, ratio, font, ground, height };
}

/** A window that moves to another screen keeps its size: only a media query for its old resolution notices. */
function followRatio(ratio: Signal<number>, abort: AbortSignal): void {
  let armed: AbortController | null = null;
  const measure = () => {
    const now = window.devicePixelRatio || 1;
    if (armed !== null && now === ratio.peek()) return;
    ratio.value = now;
    armed?.abort();
    armed = new AbortController();
    const { signal } = armed;
    window.matchMedia?.(`(resolution: ${now}dppx)`).addEventListener("change", measure, { signal });
  };
  window.addEventListener("resize", measure, { signal: abort });
  abort.addEventListener("abort", () => armed?.abort(), { once: true });
  measure();
}

function isDark(root: HTMLElement): boolean {
  const stated = said();
  if (stated !== null) return stated;
  // Others (Panel, Solara, a page of one's own) only lay a ground, or leave it to the browser; what shows through a frame, the system decides.
  const behind = groundOf(root) ?? (window.parent === window ? blankGround() : null);
  return behind === null ? prefers("prefers-color-scheme: dark") : isDarkColour(behind);
}

const isDarkColour = (colour: Rgb) => contrast(colour, [255, 255, 255]) > contrast(colour, [0, 0, 0]);

/** The ground of JupyterLab's palette, as the page has it for all that stands where the root does. */
function broughtGround(root: HTMLElement): Rgb | null {
  const around = parentOf(root);
  return around === null
    ? null
    : opaque(getComputedStyle(around).getPropertyValue("--jp-layout-color0").trim());
}

/** Whether a media feature holds, as "prefers-reduced-motion: reduce". */
export const prefers = (feature: string) => window.matchMedia?.(`(${feature})`).matches ?? false;

/** Whether the host says that it is dark: JupyterLab on the body, VS Code by a class, Colab and marimo on the root. */
function said(): boolean | null {
  const { body, documentElement } = document;
  // The system's colours then stand under the canvases, whatever theme the notebook has.
  if (prefers("forced-colors: active")) return prefers("prefers-color-scheme: dark");
  const lab = body.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "false";
  if (body.classList.contains("vscode-dark") || body.classList.contains("vscode-high-contrast")) return true;
  if (body.classList.contains("vscode-light")) return false;
  const stated = documentElement.getAttribute("theme") ?? documentElement.dataset.theme ?? body.dataset.theme;
  if (stated === "dark" || stated === "light") return stated === "dark";
  if (body.classList.contains("dark") || documentElement.classList.contains("dark")) return true;
  return null;
}
