import { clipped } from "../../drawing/boxes";
import type { Brush, Pen } from "../../drawing/brush";
import type { Palette } from "../../lib/colour";
import { weight } from "../../lib/format";
import { type FlowCurve, type FlowFrame, flowHead, isSeen, levelX, type Node, tokenY } from "./scene";

export interface FlowPicture {
  readonly names: readonly string[];
  readonly curves: readonly FlowCurve[];
  /** The share that passes a token on a level. */
  readonly reached: (level: number, token: number) => number;
  readonly query: number;
  readonly looked: Node | null;
  readonly marked: number | null;
}

const steps = 6;

/** What reaches the output: edges as wide as what they carry, tokens as dots, the inputs by name and number. */
export function paintFlow(
  { context }: Brush,
  frame: FlowFrame,
  picture: FlowPicture,
  palette: Palette,
): void {
  const touched = (curve: FlowCurve) => picture.looked !== null && touches(curve, picture.looked);
  const aside = picture.looked !== null && picture.curves.some(touched);
  clipped(context, { x: 0, y: flowHead, width: frame.width, height: frame.height - flowHead }, () => {
    paintCurves(context, frame, picture.curves, palette, aside ? 0.25 : 1);
    if (aside) paintCurves(context, frame, picture.curves.filter(touched), palette, 1);
    for (let token = frame.seen[0]; token < frame.seen[1]; token++) {
      if (!isSeen(frame, tokenY(frame, token))) continue;
      paintDots(context, frame, picture, token, palette);
      paintName(context, frame, picture, token, palette);
    }
  });
  paintLayers(context, frame, palette);
}

function touches({ level, source, target }: FlowCurve, node: Node): boolean {
  return (
    (level === node.level && source === node.token) || (level + 1 === node.level && target === node.token)
  );
}

/** One stroke for all edges of about the same share; what stays on its own token is the residual stream, and grey. */
function paintCurves(
  context: Pen,
  frame: FlowFrame,
  curves: readonly FlowCurve[],
  palette: Palette,
  strength: number,
): void {
  for (let step = 0; step < steps; step++) {
    for (const own of [true, false]) {
      const chosen = curves.filter(
        (curve) =>
          (curve.source === curve.target) === own &&
          Math.min(steps - 1, Math.floor(Math.sqrt(curve.share) * steps)) === step,
      );
      if (chosen.length === 0) continue;
      const tone = (step + 0.5) / steps;
      context.strokeStyle = own ? palette.muted : palette.reads.strong;
      context.globalAlpha = (own ? 0.14 + 0.4 * tone : 0.3 + 0.7 * tone) * strength;
      context.lineWidth = 0.8 + 7 * tone * tone;
      context.beginPath();
      for (const curve of chosen) trace(context, frame, curve);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function trace(context: Pen, frame: FlowFrame, { level, source, target }: FlowCurve): void {
  const [from, to] = [levelX(frame, level), levelX(frame, level + 1)];
  const [start, stop] = [tokenY(frame, source), tokenY(frame, target)];
  const bend = (to - from) * 0.5;
  context.moveTo(from, start);
  context.bezierCurveTo(from + bend, start, to - bend, stop, to, stop);
}

function paintDots(
  context: Pen,
  frame: FlowFrame,
  { reached, looked }: FlowPicture,
  token: number,
  palette: Palette,
): void {
  for (let level = 0; level < frame.levels; level++) {
    const share = reached(level, token);
    const here = looked?.level === level && looked.token === token;
    if (share < 0.001 && !here) continue;
    const side = here ? 8 : 2 + 5 * Math.sqrt(share);
    const [x, y] = [levelX(frame, level), tokenY(frame, token)];
    context.fillStyle = here ? palette.text : palette.reads.strong;
    context.beginPath();
    context.roundRect(x - side / 2, y - side / 2, side, side, side / 2);
    context.fill();
  }
}

function paintName(
  context: Pen,
  frame: FlowFrame,
  { names, reached, query, marked, looked }: FlowPicture,
  token: number,
  palette: Palette,
): void {
  const share = reached(0, token);
  const y = tokenY(frame, token);
  const strong = share >= 0.05 || token === marked || token === looked?.token;
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.font = `${strong ? "600" : "400"} 12px ${palette.font}`;
  context.fillStyle = strong ? palette.text : palette.muted;
  context.fillText(names[token] ?? "", frame.left - 54, y);
  context.font = `400 11px ${palette.font}`;
  context.fillText(share > 0 ? weight(share) : "", frame.left - 10, y);
  if (token !== query) return;
  context.textAlign = "left";
  context.font = `600 12px ${palette.font}`;
  context.fillStyle = palette.reads.strong;
  context.fillText(names[token] ?? "", frame.right + 10, y);
}

function paintLayers(context: Pen, { left, right, layerLabels }: FlowFrame, palette: Palette): void {
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const { text, x, y } of layerLabels) context.fillText(text, x, y);
  context.textAlign = "right";
  context.fillText("input", left - 10, 10);
  context.textAlign = "left";
  context.fillText("output", right + 10, 10);
}
