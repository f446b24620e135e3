import type { Brush, Pen } from "../../drawing/brush";
import type { Palette } from "../../lib/colour";
import { type CurveLook, plainLook } from "./curves";
import type { CurveLine, CurvesScene } from "./curves-scene";

/** Each line, and a stroke of it before its name, as its method looks; random orders are grey. */
export function paintCurves(
  { context }: Brush,
  scene: CurvesScene,
  looks: Readonly<Record<string, CurveLook>>,
  palette: Palette,
): void {
  const { left, right, top, bottom, lines, random, band, across, down } = scene;
  context.fillStyle = palette.hairline;
  trace(context, band);
  context.fill();
  context.strokeStyle = palette.hairline;
  context.lineWidth = 1;
  trace(context, [
    { x: left, y: top },
    { x: left, y: bottom },
    { x: right, y: bottom },
  ]);
  context.stroke();
  paintLine(context, random, plainLook("random", palette), 1.5, palette);
  for (const line of lines)
    paintLine(context, line, looks[line.name] ?? plainLook(line.name, palette), 2, palette);
  context.font = `400 10px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { text, y } of down) context.fillText(text, left - 4, y);
  for (const { text, x } of across) {
    // The lowest name stands right of the last one.
    context.textAlign = x === right ? "right" : "center";
    context.fillText(text, x, bottom + 8);
  }
}

function paintLine(
  context: Pen,
  { points, sample, label }: CurveLine,
  { colour, dash, title }: CurveLook,
  weight: number,
  palette: Palette,
): void {
  context.strokeStyle = colour;
  context.lineWidth = weight;
  context.setLineDash([...dash]);
  for (const stroke of [points, sample]) {
    trace(context, stroke);
    context.stroke();
  }
  context.setLineDash([]);
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = colour;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(title, label.x, label.y);
}

function trace(context: Pen, points: CurveLine["points"]): void {
  context.beginPath();
  points.forEach(({ x, y }, place) => {
    if (place === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
}
