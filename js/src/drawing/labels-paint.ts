import type { Palette } from "../lib/colour";
import type { Pen } from "./brush";
import type { Label } from "./scene";
import { labelAngle } from "./tilt";

/** A label of an axis: its end at its place, its middle, or tilted from there. `strong` is the colour of what is looked at. */
export function paintLabel(
  context: Pen,
  { text, x, y, tone }: Label,
  how: "right" | "center" | "tilted",
  strong: string,
  palette: Palette,
): void {
  context.font = `${tone === "plain" ? "400" : "600"} 11px ${palette.font}`;
  context.fillStyle = tone === "plain" ? palette.muted : tone === "strong" ? palette.text : strong;
  context.textBaseline = "middle";
  context.textAlign = how === "tilted" ? "left" : how;
  if (how !== "tilted") {
    context.fillText(text, x, y);
    return;
  }
  context.save();
  context.translate(x, y);
  context.rotate(labelAngle);
  context.fillText(text, 0, 0);
  context.restore();
}

/** Which axis is which, where the two meet. */
export function paintCorner(
  context: Pen,
  { left, top }: { readonly left: number; readonly top: number },
  [across, down]: readonly [string, string],
  palette: Palette,
): void {
  context.font = `400 10px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillText(`${across} →`, left - 8, top - 22);
  context.fillText(`${down} ↓`, left - 8, top - 9);
}
