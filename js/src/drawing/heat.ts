import { type Accent, behindLetters, type Palette } from "../lib/colour";
import type { Pen } from "./brush";
import { hatch } from "./hatch";
import type { Rect } from "./scene";

export interface Heated extends Rect {
  /** 0 to 1, on the square-root scale. */
  readonly tone: number;
  readonly sink: boolean;
  /** How thick an outline it has, 0 for none. */
  readonly ring: number;
}

/** The ground of a token, as the text has it: its heat, hatched for a sink, ringed where it is looked at. */
export function paintHeat(
  context: Pen,
  mark: Heated,
  accent: Accent,
  palette: Palette,
  outline = accent.strong,
): void {
  const { x, y, width, height, tone, sink, ring } = mark;
  context.save();
  context.globalAlpha = behindLetters(tone);
  context.fillStyle = accent.mark;
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  if (tone > 0) context.fill();
  if (tone > 0 && sink) {
    context.globalAlpha = 0.5;
    context.strokeStyle = palette.ground;
    context.lineWidth = 2;
    hatch(context, mark, 6);
  }
  context.globalAlpha = 1;
  if (ring > 0) {
    context.strokeStyle = outline;
    context.lineWidth = ring;
    context.beginPath();
    context.roundRect(x, y, width, height, 3);
    context.stroke();
  }
  context.restore();
}
