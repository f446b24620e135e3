import { clipped, paintBox } from "../../drawing/boxes";
import type { Brush, Pen } from "../../drawing/brush";
import { paintHatch } from "../../drawing/hatch";
import { paintCorner, paintLabel } from "../../drawing/labels-paint";
import type { Pixels } from "../../drawing/pixels";
import { inkOn, type Palette, placeOf, type Ramp, rampColour } from "../../lib/colour";
import { shortWeight, signedWeight } from "../../lib/format";
import { cellRect, type LayersScene } from "./scene";

export interface LayersPicture {
  /** One pixel for each layer and token, turned as the scene is. */
  readonly image: Pixels;
  /** The weight in a cell; null where there is none to print. */
  readonly printed: ((layer: number, token: number) => number | null) | null;
  readonly sinks: readonly ReadonlySet<number>[];
  /** The weight of the full tone, and the smallest that is printed. */
  readonly full: number;
  readonly least: number;
  readonly ramp: Ramp;
  /** Whether the numbers have a sign. */
  readonly signed?: boolean;
  readonly strong: string;
}

const printedFrom = 32;
const printedHeight = 15;

export function paintLayers(
  { context, bitmap }: Brush,
  scene: LayersScene,
  picture: LayersPicture,
  palette: Palette,
): void {
  const { area } = scene;
  clipped(context, area, () => {
    paintImage(context, scene, bitmap(picture.image));
    paintSinks(context, scene, picture, palette);
    paintGaps(context, scene, palette);
    paintSilent(context, scene, palette);
    paintNumbers(context, scene, picture, palette);
  });
  paintBoxes(context, scene, picture, palette);
  paintLabels(context, scene, picture, palette);
}

function paintImage(
  context: Pen,
  { turned, count, layers, whole }: LayersScene,
  image: CanvasImageSource,
): void {
  const [across, down] = turned ? [layers, count] : [count, layers];
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, across, down, whole.x, whole.y, whole.width, whole.height);
}

/** Layers are tracks of their own: a thin line of the ground between them. */
function paintGaps(context: Pen, scene: LayersScene, palette: Palette): void {
  const { turned, left, top, layerPitch, layers, area } = scene;
  if (layerPitch < 8) return;
  context.fillStyle = palette.ground;
  for (let layer = 1; layer < layers; layer++) {
    const at = layer * layerPitch - 1;
    if (turned) context.fillRect(left + at, top, 1, area.height);
    else context.fillRect(left, top + at, area.width, 1);
  }
}

function paintSinks(context: Pen, scene: LayersScene, picture: LayersPicture, palette: Palette): void {
  picture.sinks.forEach((sinks, layer) => {
    for (const token of sinks) paintHatch(context, cellRect(scene, layer, token), palette);
  });
}

function paintSilent(context: Pen, scene: LayersScene, palette: Palette): void {
  context.fillStyle = palette.hairline;
  for (const { x, y, width, height } of scene.notes) {
    if (scene.turned) context.fillRect(Math.round(x + width / 2), y, 1, height);
    else context.fillRect(x, Math.round(y + height / 2), width, 1);
  }
}

function paintNumbers(context: Pen, scene: LayersScene, picture: LayersPicture, palette: Palette): void {
  if (picture.printed === null) return;
  const [width, height] = scene.turned
    ? [scene.layerPitch, scene.tokenPitch]
    : [scene.tokenPitch, scene.layerPitch];
  if (width < printedFrom || height < printedHeight) return;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `400 11px ${palette.font}`;
  for (const { index: token } of scene.tokenLabels) {
    for (let layer = 0; layer < scene.layers; layer++) {
      const weight = picture.printed(layer, token);
      if (weight === null || !(Math.abs(weight) >= picture.least)) continue;
      const cell = cellRect(scene, layer, token);
      const place = placeOf(weight, picture.full, picture.signed);
      context.fillStyle = inkOn(rampColour(picture.ramp, place));
      context.fillText(
        picture.signed ? signedWeight(weight, shortWeight) : shortWeight(weight),
        cell.x + width / 2,
        cell.y + height / 2,
      );
    }
  }
}

function paintBoxes(context: Pen, scene: LayersScene, picture: LayersPicture, palette: Palette): void {
  const { x, y, width, height } = scene.area;
  clipped(context, { x: x - 2, y: y - 2, width: width + 4, height: height + 4 }, () => {
    paintBox(context, scene.whole, palette.hairline, 1);
    if (scene.queryBand !== null) paintBox(context, scene.queryBand, picture.strong, 0.75);
    if (scene.pinned !== null) paintBox(context, scene.pinned, picture.strong, 1.5);
    if (scene.cross !== null) paintBox(context, scene.cross, palette.text, 1.5);
  });
}

function paintLabels(context: Pen, scene: LayersScene, picture: LayersPicture, palette: Palette): void {
  const { turned, tilted, area } = scene;
  const how = turned ? "right" : tilted ? "tilted" : "center";
  const tokens = () => {
    for (const label of scene.tokenLabels) paintLabel(context, label, how, picture.strong, palette);
  };
  if (turned) clipped(context, { x: 0, y: area.y, width: area.x, height: area.height }, tokens);
  else tokens();
  for (const label of scene.layerLabels)
    paintLabel(context, label, turned ? "center" : "right", picture.strong, palette);
  paintCorner(context, scene, turned ? ["layer", "token"] : ["token", "layer"], palette);
}
