import type { Brush, Pen } from "../../drawing/brush";
import { accent, type Palette } from "../../lib/colour";
import type { Curve, LinesFrame } from "./scene";

const steps = 5;

/** Many thin curves: one stroke for all of about the same tone. */
export function paintFaint(
  { context }: Brush,
  frame: LinesFrame,
  curves: readonly Curve[],
  palette: Palette,
): void {
  strokeTogether(context, frame, curves, palette, 1);
}

function strokeTogether(
  context: Pen,
  frame: LinesFrame,
  curves: readonly Curve[],
  palette: Palette,
  strength: number,
): void {
  for (let step = 0; step < steps; step++) {
    const chosen = curves.filter((curve) => stepOf(curve) === step);
    const first = chosen[0];
    if (first === undefined) continue;
    const tone = (step + 0.5) / steps;
    context.strokeStyle = colourOf(first, palette);
    context.globalAlpha = (0.05 + 0.2 * tone) * strength;
    context.lineWidth = 0.75 + 1.25 * tone;
    context.beginPath();
    for (const curve of chosen) trace(context, frame, curve);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Lines into sinks are as faint as any: dashes would take most of the time. */
function stepOf({ tone, dashed }: Curve): number {
  return dashed ? 0 : Math.min(steps - 1, Math.floor(tone * steps));
}

/** The curves of what is looked at, the strongest on top; and the one that is pointed out. */
export function paintStrong(
  { context }: Brush,
  frame: LinesFrame,
  curves: readonly Curve[],
  pointed: Curve | null,
  palette: Palette,
): void {
  const away = (curve: Curve) => outside(frame, curve.from) || outside(frame, curve.to);
  // What leads out of sight makes way: there may be hundreds of them, all through one place.
  const beyond = curves.filter(away);
  for (const colour of new Set(beyond.map((curve) => colourOf(curve, palette)))) {
    const alike = beyond.filter((curve) => colourOf(curve, palette) === colour);
    strokeTogether(context, frame, alike, palette, 2.5);
  }
  const order = curves.filter((curve) => !away(curve)).sort((one, other) => one.tone - other.tone);
  for (const curve of order) {
    context.strokeStyle = colourOf(curve, palette);
    context.globalAlpha = curve.dashed ? 0.5 : 0.3 + 0.7 * curve.tone;
    context.lineWidth = curve.dashed ? 1.5 : 1 + 4 * curve.tone;
    context.setLineDash(curve.dashed ? [3, 4] : []);
    context.beginPath();
    trace(context, frame, curve);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
  if (pointed === null) return;
  context.strokeStyle = palette.text;
  context.lineWidth = 1.5;
  context.beginPath();
  trace(context, frame, pointed);
  context.stroke();
}

function colourOf({ colour, direction }: Curve, palette: Palette): string {
  return colour ?? accent(palette, direction).strong;
}

function outside({ height }: LinesFrame, place: number): boolean {
  return place < 0 || place > height;
}

function trace(context: Pen, { left, right }: LinesFrame, { from, to }: Curve): void {
  const bend = (right - left) * 0.45;
  context.moveTo(left, from);
  context.bezierCurveTo(left + bend, from, right - bend, to, right, to);
}
