import type { Brush, Pen } from "../../drawing/brush";
import type { Pixels } from "../../drawing/pixels";
import type { Label } from "../../drawing/scene";
import { labelAngle } from "../../drawing/tilt";
import { inkOn, type Palette, type Ramp, rampColour, signedTone } from "../../lib/colour";
import { shortWeight } from "../../lib/format";
import type { DifferenceScene } from "./scene";

export interface DifferencePicture {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** Tokens in a cell of `values`, along each axis. */
  readonly pooling: number;
  readonly peak: number;
}

const smallestPrinted = 28;

export function paintDifference(
  { context, bitmap }: Brush,
  scene: DifferenceScene,
  picture: DifferencePicture,
  palette: Palette,
): void {
  const { area, pitch } = scene;
  const { rows, columns, pooling } = picture;
  const image = bitmap(signedMap(picture, palette.signed));
  context.imageSmoothingEnabled = pitch * pooling < 1;
  const unit = pitch * pooling;
  context.save();
  context.beginPath();
  context.rect(area.x, area.y, area.width, area.height);
  context.clip();
  context.drawImage(image, 0, 0, columns, rows, area.x, area.y, columns * unit, rows * unit);
  context.restore();
  if (pitch >= smallestPrinted && pooling === 1) paintNumbers(context, scene, picture, palette);
  context.strokeStyle = palette.hairline;
  context.lineWidth = 1;
  context.strokeRect(area.x - 0.5, area.y - 0.5, area.width + 1, area.height + 1);
  for (const label of scene.rowLabels) paintLabel(context, label, "right", palette);
  for (const label of scene.columnLabels)
    paintLabel(context, label, scene.tilted ? "tilted" : "center", palette);
  if (scene.cross === null) return;
  context.strokeStyle = palette.text;
  context.lineWidth = 1.5;
  context.strokeRect(scene.cross.x - 0.5, scene.cross.y - 0.5, scene.cross.width + 1, scene.cross.height + 1);
}

/** One pixel a cell: the middle of the ramp is no change. */
export function signedMap({ values, rows, columns, peak }: DifferencePicture, ramp: Ramp): Pixels {
  const data = new Uint8ClampedArray(values.length * 4);
  values.forEach((value, index) => {
    const [red, green, blue] = rampColour(ramp, signedTone(value, peak));
    data.set([red, green, blue, 255], index * 4);
  });
  return { width: columns, height: rows, data };
}

function paintNumbers(
  context: Pen,
  { area, pitch }: DifferenceScene,
  { values, columns, peak }: DifferencePicture,
  palette: Palette,
): void {
  context.font = `400 10px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  values.forEach((value, index) => {
    if (Math.abs(value) < 0.005) return;
    context.fillStyle = inkOn(rampColour(palette.signed, signedTone(value, peak)));
    const [x, y] = [(index % columns) + 0.5, Math.floor(index / columns) + 0.5];
    const text = `${value < 0 ? "−" : "+"}${shortWeight(Math.abs(value))}`;
    context.fillText(text, area.x + x * pitch, area.y + y * pitch);
  });
}

function paintLabel(
  context: Pen,
  { text, x, y, tone }: Label,
  how: "right" | "center" | "tilted",
  palette: Palette,
): void {
  context.font = `${tone === "plain" ? "400" : "600"} 11px ${palette.font}`;
  context.fillStyle = tone === "plain" ? palette.muted : palette.text;
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
