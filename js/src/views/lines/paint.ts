import type { Brush, Pen } from "../../drawing/brush";
import { paintHeat } from "../../drawing/heat";
import { accent, type Palette, wayMark } from "../../lib/colour";
import { type Crops, cropRoom, cropSide, paintCrop } from "../../surface/picture/crops";
import type { Direction } from "../../wire/types";
import type { PlacedLineEnd } from "./labels-scene";
import type { RimMark, Track } from "./rim-scene";
import { type Curve, type LinesFrame, thickness } from "./scene";

const steps = 5;

/** Many thin curves: one stroke for all of about the same tone. */
export function paintFaint(
  { context }: Brush,
  frame: LinesFrame,
  curves: readonly Curve[],
  palette: Palette,
): void {
  for (let step = 0; step < steps; step++) {
    const chosen = curves.filter((curve) => stepOf(curve) === step);
    const first = chosen[0];
    if (first === undefined) continue;
    const tone = (step + 0.5) / steps;
    context.strokeStyle = colourOf(first, palette);
    context.globalAlpha = 0.05 + 0.2 * tone;
    context.lineWidth = 0.75 + 1.25 * tone;
    context.beginPath();
    for (const curve of chosen) trace(context, frame, curve);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Lines into sinks are as faint as any: dashes would take most of the time. */
function stepOf({ tone, kind }: Curve): number {
  return kind === "sink" ? 0 : Math.min(steps - 1, Math.floor(tone * steps));
}

/** The curves of what is looked at, the thinnest on top, over those that lead out of sight; and the one that is pointed out. */
export function paintStrong(
  { context }: Brush,
  frame: LinesFrame,
  curves: readonly Curve[],
  pointed: Curve | null,
  palette: Palette,
): void {
  const order = [...curves].sort((one, other) => rank(one) - rank(other) || other.tone - one.tone);
  for (const curve of order) {
    const { kind, tone } = curve;
    context.strokeStyle = colourOf(curve, palette);
    context.globalAlpha = kind === "sink" ? 0.5 : (0.3 + 0.7 * tone) * (kind === "bundle" ? 0.4 : 1);
    context.lineWidth = thickness(curve);
    context.setLineDash(kind === "sink" ? [3, 4] : []);
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

function rank({ kind }: Curve): number {
  return kind === "bundle" ? 0 : 1;
}

function colourOf({ colour, direction }: Curve, palette: Palette): string {
  return colour ?? accent(palette, direction).strong;
}

/** How far its handles reach, as a share of the way across. */
const handle = 0.45;

function trace(context: Pen, { left, right }: LinesFrame, { from, to, aside = 0 }: Curve): void {
  const across = right - left;
  const bend = across * handle;
  // What is steep in the middle moves sideways too, so that it is as far from its neighbour there as at its ends.
  const steep = Math.atan2(to - from, across * (1 - handle));
  const shift = (-4 / 3) * aside * Math.tan(steep / 2);
  context.moveTo(left, from + aside);
  context.bezierCurveTo(
    left + bend + shift,
    from + aside,
    right - bend + shift,
    to + aside,
    right,
    to + aside,
  );
}

/** What is looked at is strong. */
export function lineLabelFont({ letters }: Pick<LinesFrame, "letters">, strong: boolean): string {
  return `${strong ? "600" : "400"} ${letters}px`;
}

/** The tokens on both sides of the lines. */
export function paintLineLabels(
  { context }: Brush,
  frame: LinesFrame,
  ends: readonly PlacedLineEnd[],
  direction: Direction,
  palette: Palette,
  crops: Crops | null = null,
): void {
  context.textBaseline = "middle";
  for (const end of ends) {
    // What reads is tinted as what is read by the other side.
    const own = end.side === "key" ? palette.reads : palette.readBy;
    const tint = end.way === null ? own : { ...own, mark: wayMark(palette, end.way) };
    const pointed = end.marked && !end.focus && !end.query;
    paintHeat(context, end, tint, palette, pointed ? palette.text : accent(palette, direction).strong);
    context.textAlign = end.align;
    context.font = `${lineLabelFont(frame, end.focus)} ${palette.font}`;
    context.fillStyle = palette.text;
    context.fillText(end.text, end.textX, end.middle);
    const crop = crops?.(end.token) ?? null;
    if (crop !== null) {
      const left = end.align === "left" ? end.textX - cropRoom : end.textX + cropRoom - cropSide;
      paintCrop(context, crop, left, end.middle);
    }
    if (end.number === "") continue;
    context.font = `400 11px ${palette.font}`;
    context.fillStyle = palette.muted;
    context.fillText(end.number, end.numberX, end.middle);
  }
}

/** What is out of sight on either side, and the map of all of it at the rim. */
export function paintRim(
  { context }: Brush,
  marks: readonly RimMark[],
  tracks: readonly Track[],
  direction: Direction,
  palette: Palette,
): void {
  const { strong } = accent(palette, direction);
  for (const { x, y, width, height, thumb, ticks } of tracks) {
    context.fillStyle = palette.text;
    context.globalAlpha = 0.06;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 0.12;
    context.fillRect(x, thumb[0], width, Math.max(4, thumb[1] - thumb[0]));
    context.fillStyle = strong;
    for (const tick of ticks) {
      context.globalAlpha = 0.2 + 0.8 * tick.tone;
      context.fillRect(x, tick.y - 1, width, 2);
    }
    context.globalAlpha = 1;
  }
  context.textBaseline = "middle";
  for (const { x, y, width, height, side, text, textX, target } of marks) {
    context.font = `${target === null ? "400" : "600"} ${rimSize} ${palette.font}`;
    if (target !== null) {
      context.globalAlpha = 0.08;
      context.fillStyle = palette.text;
      context.beginPath();
      context.roundRect(x, y, width, height, height / 2);
      context.fill();
      context.globalAlpha = 1;
    }
    context.fillStyle = target === null ? palette.muted : strong;
    context.textAlign = side === "key" ? "left" : "right";
    context.fillText(text, textX, y + height / 2);
  }
}

const rimSize = "11px";

/** What is out of sight is written as wide as this. */
export const rimFont = `600 ${rimSize}`;
