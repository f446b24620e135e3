import { useMemo } from "preact/hooks";

/** The width of a label as the canvases write it, in pixels. */
export function useMeasure(font: string): (text: string) => number {
  return useMemo(() => {
    const measure = textMeasurer();
    return (text) => measure(text, `600 11px ${font}`);
  }, [font]);
}

/** The width of a text in any font, "600 11px sans-serif". What was measured once is known. */
export function textMeasurer(): (text: string, font: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return (text) => text.length * 6;
  const known = new Map<string, Map<string, number>>();
  return (text, font) => {
    const widths = known.get(font) ?? new Map<string, number>();
    known.set(font, widths);
    const found = widths.get(text);
    if (found !== undefined) return found;
    context.font = font;
    const { width } = context.measureText(text);
    widths.set(text, width);
    return width;
  };
}
