import type { Pen } from "./brush";
import type { Rect } from "./scene";

/** Paints, and nothing of it outside of a rectangle. */
export function clipped(context: Pen, { x, y, width, height }: Rect, paint: () => void): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  paint();
  context.restore();
}

/** An outline around a rectangle: half a pixel of it lies outside. */
export function paintBox(context: Pen, { x, y, width, height }: Rect, colour: string, weight: number): void {
  context.strokeStyle = colour;
  context.lineWidth = weight;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}
