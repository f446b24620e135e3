import { useMemo } from "preact/hooks";

/** The width of a label as the canvases write it, in pixels. */
export function useMeasure(font: string): (text: string) => number {
  return useMemo(() => measurer(font), [font]);
}

/** The width of a text in any font, "600 11px sans-serif". */
export function textMeasurer(): (text: string, font: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return (text) => text.length * 6;
  return (text, font) => {
    context.font = font;
    return context.measureText(text).width;
  };
}

function measurer(font: string): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return (text) => text.length * 6;
  context.font = `600 11px ${font}`;
  const known = new Map<string, number>();
  return (text) => {
    const width = known.get(text) ?? context.measureText(text).width;
    known.set(text, width);
    return width;
  };
}
