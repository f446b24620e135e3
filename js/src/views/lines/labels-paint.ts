import type { Brush } from "../../drawing/brush";
import { paintHeat } from "../../drawing/heat";
import { accent, type Palette } from "../../lib/colour";
import type { PlacedLineEnd } from "./labels-scene";

/** What is looked at is strong. */
export function lineLabelFont(strong: boolean): string {
  return strong ? "600 12.5px" : "400 12.5px";
}

/** The tokens on both sides of the lines. */
export function paintLineLabels(
  { context }: Brush,
  ends: readonly PlacedLineEnd[],
  direction: "reads" | "read_by",
  palette: Palette,
): void {
  context.textBaseline = "middle";
  for (const end of ends) {
    // What reads is tinted as what is read by the other side.
    const tint = end.side === "key" ? palette.reads : palette.readBy;
    const pointed = end.marked && !end.focus && !end.query;
    paintHeat(context, end, tint, palette, pointed ? palette.text : accent(palette, direction).strong);
    context.textAlign = end.align;
    context.font = `${lineLabelFont(end.focus)} ${palette.font}`;
    context.fillStyle = palette.text;
    context.fillText(end.text, end.textX, end.middle);
    if (end.number === "") continue;
    context.font = `400 11px ${palette.font}`;
    context.fillStyle = palette.muted;
    context.fillText(end.number, end.numberX, end.middle);
  }
}
