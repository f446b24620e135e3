import { clipped } from "./boxes";
import type { Pen } from "./brush";
import type { Rect } from "./scene";

/** Slanted lines over a rectangle, in the stroke that is set: the sign of a sink. */
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
