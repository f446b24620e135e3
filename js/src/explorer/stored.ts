import type { StoredStill } from "../wire/types";

/** As much of JupyterLab's model of a notebook as a still needs. ipywidgets' manager there gives it to its widgets. */
interface Outputs {
  readonly length: number;
  get(index: number): { readonly data: Readonly<Record<string, unknown>> };
  set(index: number, output: unknown): void;
}

interface Manager {
  readonly context?: { readonly model?: { readonly cells?: Iterable<{ readonly outputs?: Outputs }> } };
}

/**
 * Puts a still in the place of an older one of the same explorer. JupyterLab does so by itself only with outputs that it saw
 * come, not with those that it read from the file.
 */
export function renewStored(manager: unknown, { name, outputs }: StoredStill): void {
  const cells = (manager as Manager | undefined)?.context?.model?.cells ?? [];
  const [html, picture] = [outputs[0]?.data["text/html"], outputs[1]?.data["image/png"]];
  for (const { outputs: stored } of cells) {
    for (let at = 0; at + 1 < (stored?.length ?? 0); at++) {
      const old = stored?.get(at).data["text/html"];
      const shown = stored?.get(at + 1).data["image/png"];
      if (typeof old !== "string" || !old.includes(`data-name="${name}"`) || shown === undefined) continue;
      if (old === html && shown === picture) continue;
      for (const [index, output] of outputs.entries())
        stored?.set(at + index, { output_type: "display_data", ...output });
    }
  }
}
