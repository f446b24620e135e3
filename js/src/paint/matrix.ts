import { labelAngle, type MatrixScene } from "../layout/matrix";
import type { Label, Rect } from "../layout/scene";
import { inkOn, type Palette, type Ramp, rampColour, tone } from "../lib/colour";
import { shortWeight } from "../lib/format";
import type { Brush, Pen } from "./brush";

export interface MatrixPicture {
  readonly image: CanvasImageSource;
  readonly rows: number;
  readonly columns: number;
  /** Tokens in a pixel of the image. */
  readonly pooling: number;
  /** The weight in a cell, where cells are large enough to print it; null elsewhere. */
  readonly printed: ((query: number, key: number) => number | null) | null;
  readonly peak: number;
  readonly ramp: Ramp;
  readonly strong: string;
}

const printedFrom = 34;

export function paintMatrix(
  { context }: Brush,
  scene: MatrixScene,
  picture: MatrixPicture,
  palette: Palette,
): void {
  paintImage(context, scene, picture);
  if (picture.printed !== null && scene.pitch >= printedFrom) paintNumbers(context, scene, picture, palette);
  paintFrame(context, scene, palette);
  paintBox(context, scene.band, picture.strong, scene.focusBand === null ? 1.5 : 0.75);
  if (scene.focusBand !== null) paintBox(context, scene.focusBand, picture.strong, 1.5);
  if (scene.cross !== null) paintBox(context, scene.cross, palette.text, 1.5);
  context.textBaseline = "middle";
  paintCorner(context, scene, palette);
  for (const label of scene.rowLabels) paintRowLabel(context, label, picture, palette);
  for (const label of scene.columnLabels) paintColumnLabel(context, label, scene, picture, palette);
}

function paintImage(context: Pen, scene: MatrixScene, picture: MatrixPicture): void {
  const { left, top, size, pitch } = scene;
  const unit = pitch * picture.pooling;
  context.save();
  context.beginPath();
  context.rect(left, top, size, size);
  context.clip();
  context.imageSmoothingEnabled = unit < 1;
  context.drawImage(
    picture.image,
    0,
    0,
    picture.columns,
    picture.rows,
    left,
    top,
    unit * picture.columns,
    unit * picture.rows,
  );
  context.restore();
}

function paintNumbers(context: Pen, scene: MatrixScene, picture: MatrixPicture, palette: Palette): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `400 11px ${palette.font}`;
  for (let query = 0; query < scene.count; query++) {
    for (let key = 0; key < scene.count; key++) {
      const weight = picture.printed?.(query, key) ?? null;
      if (weight === null || !(weight >= 0.005)) continue;
      context.fillStyle = inkOn(rampColour(picture.ramp, tone(weight, picture.peak)));
      context.fillText(
        shortWeight(weight),
        scene.left + (key + 0.5) * scene.pitch,
        scene.top + (query + 0.5) * scene.pitch,
      );
    }
  }
}

function paintFrame(context: Pen, { left, top, size }: MatrixScene, palette: Palette): void {
  paintBox(context, { x: left, y: top, width: size, height: size }, palette.hairline, 1);
}

function paintBox(context: Pen, { x, y, width, height }: Rect, colour: string, weight: number): void {
  context.strokeStyle = colour;
  context.lineWidth = weight;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function paintRowLabel(context: Pen, label: Label, picture: MatrixPicture, palette: Palette): void {
  dress(context, label, picture, palette);
  context.textAlign = "right";
  context.fillText(label.text, label.x, label.y);
}

function paintColumnLabel(
  context: Pen,
  label: Label,
  scene: MatrixScene,
  picture: MatrixPicture,
  palette: Palette,
): void {
  dress(context, label, picture, palette);
  if (!scene.tilted) {
    context.textAlign = "center";
    context.fillText(label.text, label.x, label.y - 2);
    return;
  }
  context.save();
  context.translate(label.x, label.y);
  context.rotate(labelAngle);
  context.textAlign = "left";
  context.fillText(label.text, 0, 0);
  context.restore();
}

/** Which axis is which, where the two meet. */
function paintCorner(context: Pen, { left, top }: MatrixScene, palette: Palette): void {
  context.font = `400 10px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textAlign = "right";
  context.fillText("key →", left - 8, top - 22);
  context.fillText("query ↓", left - 8, top - 9);
}

function dress(context: Pen, label: Label, picture: MatrixPicture, palette: Palette): void {
  context.font = `${label.tone === "plain" ? "400" : "600"} 11px ${palette.font}`;
  context.fillStyle =
    label.tone === "plain" ? palette.muted : label.tone === "strong" ? palette.text : picture.strong;
}
