import type { Palette } from "../lib/colour";
import { clipped } from "./boxes";
import type { Pen } from "./brush";
import type { Rect } from "./scene";

/** The sign of a sink over what is painted already: its tone stays to be seen. */
export function paintHatch(context: Pen, box: Rect, { ground }: Pick<Palette, "ground">): void {
  context.save();
  context.strokeStyle = ground;
  context.lineWidth = 1.25;
  context.globalAlpha = 0.55;
  hatch(context, box);
  context.restore();
}

/** Slanted lines over a rectangle, in the stroke that is set. */
export function hatch(context: Pen, box: Rect, pitch = 5): void {
  const { x, y, width, height } = box;
  clipped(context, box, () => {
    context.beginPath();
    for (let at = -height; at < width; at += pitch) {
      context.moveTo(x + at, y + height);
      context.lineTo(x + at + height, y);
    }
    context.stroke();
  });
}
