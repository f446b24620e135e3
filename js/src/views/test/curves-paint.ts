import type { Brush, Pen } from "../../drawing/brush";
import type { Palette } from "../../lib/colour";
import type { CurveLine, CurvesScene } from "./curves-scene";

/** Each line in the colour of its method; random orders are grey. */
export function paintCurves(
  { context }: Brush,
  scene: CurvesScene,
  colours: Readonly<Record<string, string>>,
  titles: Readonly<Record<string, string>>,
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
  context.setLineDash([3, 3]);
  paintLine(context, random, palette.muted, titles, 1.5, palette);
  context.setLineDash([]);
  lines.forEach((line, place) => {
    const colour = colours[line.name] ?? palette.muted;
    context.setLineDash(colour === palette.muted ? ([[], [6, 3], [2, 2]][place % 3] ?? []) : []);
    paintLine(context, line, colour, titles, 2, palette);
  });
  context.setLineDash([]);
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
  { name, points, label }: CurveLine,
  colour: string,
  titles: Readonly<Record<string, string>>,
  weight: number,
  palette: Palette,
): void {
  context.strokeStyle = colour;
  context.lineWidth = weight;
  trace(context, points);
  context.stroke();
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = colour;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(titles[name] ?? name, label.x, label.y);
}

function trace(context: Pen, points: CurveLine["points"]): void {
  context.beginPath();
  points.forEach(({ x, y }, place) => {
    if (place === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
}
