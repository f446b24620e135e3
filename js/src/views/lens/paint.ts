import { clipped, paintBox } from "../../drawing/boxes";
import type { Brush, Pen } from "../../drawing/brush";
import { fitted, thinLabels } from "../../drawing/labels";
import { inkOn, mix, type Palette, type Rgb, rampColour, rgbOf, signedTone, tone } from "../../lib/colour";
import { pieceParts, shortWeight } from "../../lib/format";
import { cellOf, type LensPicture } from "./picture";
import { cellRect, headRect, type LensHit, type LensScene, partRect, placeOfHit, rowOf } from "./scene";

/** The most ink that a cell's ground takes: letters stay legible on it. */
const mostInk = 0.4;
/** Narrower cells have no room for a number beside the token. */
const numberFrom = 66;

/** The table of layers and tokens, and beside it what each layer's parts add. */
export function paintLens(
  { context }: Brush,
  scene: LensScene,
  picture: LensPicture,
  looked: LensHit | null,
  strong: string,
  palette: Palette,
): void {
  clipped(context, { ...scene.area, x: 0, width: scene.width }, () => {
    paintCells(context, scene, picture, palette);
    paintDirect(context, scene, picture, palette);
    paintLayers(context, scene, looked, palette);
  });
  const { x, y, width, height } = scene.area;
  clipped(context, { x: x - 2, y: y - 2, width: width + 2, height: height + 4 }, () => {
    if (scene.queryBand !== null) paintBox(context, scene.queryBand, strong, 1.5);
    paintLooked(context, scene, picture, looked, palette);
  });
  paintHead(context, scene, picture, looked, strong, palette);
}

/** How a probability looks: the ink of the page, thinned. */
export function inked(probability: number, palette: Palette): Rgb {
  return mix(rgbOf(palette.text), mostInk * tone(probability, 1), rgbOf(palette.ground));
}

function paintCells(context: Pen, scene: LensScene, picture: LensPicture, palette: Palette): void {
  const { table, measure } = picture;
  context.textBaseline = "middle";
  table.columns.forEach((column, place) => {
    if (column === null) return;
    for (let layer = 0; layer < scene.layers; layer++) {
      const box = cellRect(scene, layer, place);
      if (box.y + box.height < scene.top || box.y > scene.top + scene.area.height) continue;
      const { top, settled } = cellOf(column, layer);
      const best = top[0];
      if (best === undefined) continue;
      const colour = inked(best.probability, palette);
      context.fillStyle = `rgb(${colour.join(" ")})`;
      context.fillRect(box.x, box.y, box.width - 1, box.height - 1);
      context.fillStyle = inkOn(colour);
      const middle = box.y + box.height / 2;
      const number = box.width >= numberFrom ? shortWeight(best.probability) : "";
      const numberFont = `400 10px ${palette.font}`;
      const taken = number === "" ? 0 : measure(number, numberFont) + 6;
      const font = `${settled ? "600" : "400"} 11px ${palette.font}`;
      const { space, rest } = pieceParts(best.piece);
      const room = box.width - 9 - taken;
      context.font = font;
      context.textAlign = "left";
      const text = fitted(`${space}${rest}`, room, (some) => measure(some, font));
      context.fillText(text, box.x + 4, middle);
      if (number === "") continue;
      context.font = numberFont;
      context.textAlign = "right";
      context.fillText(number, box.x + box.width - 5, middle);
    }
  });
}

function paintDirect(context: Pen, scene: LensScene, { table, full }: LensPicture, palette: Palette): void {
  const { direct } = table;
  if (direct === null) return;
  const fill = (value: number, most: number) => {
    const colour = rampColour(palette.signed, signedTone(value, most));
    context.fillStyle = `rgb(${colour.join(" ")})`;
    return colour;
  };
  context.textBaseline = "middle";
  for (let layer = 0; layer < Math.min(scene.layers, direct.layers); layer++) {
    if (scene.parts !== null) {
      for (const part of [0, 1]) {
        const value = direct.parts[layer * 2 + part] as number;
        const { x, y, width, height } = partRect(scene, layer, part);
        const colour = fill(value, full.parts);
        context.fillRect(x, y, width - 1, height - 1);
        context.fillStyle = inkOn(colour);
        context.font = `400 10px ${palette.font}`;
        context.textAlign = "right";
        context.fillText(amount(value), x + width - 5, y + height / 2);
      }
    }
    if (scene.heads === null) continue;
    for (let head = 0; head < direct.heads; head++) {
      const value = direct.byHead[layer * direct.heads + head] as number;
      if (Number.isNaN(value)) continue;
      const { x, y, width, height } = headRect(scene, layer, head);
      fill(value, full.heads);
      context.fillRect(x, y, width - (width > 6 ? 1 : 0), height - 1);
    }
  }
  if (scene.heads !== null) {
    const { x, pitch, count } = scene.heads;
    paintBox(
      context,
      { x, y: rowOf(scene, 0), width: pitch * count, height: scene.layers * scene.pitch },
      palette.hairline,
      1,
    );
  }
}

/** What is added, in one decimal and with its sign. */
function amount(value: number): string {
  const size = Math.abs(value).toFixed(1);
  if (size === "0.0") return "0";
  return `${value < 0 ? "−" : "+"}${size}`;
}

function paintLayers(context: Pen, scene: LensScene, looked: LensHit | null, palette: Palette): void {
  const at = looked === null || looked.kind === "token" ? -1 : looked.layer;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const layer of thinLabels(scene.layers, scene.pitch, 11, at < 0 ? [] : [at])) {
    context.font = `${layer === at ? "600" : "400"} 11px ${palette.font}`;
    context.fillStyle = layer === at ? palette.text : palette.muted;
    context.fillText(String(layer), scene.left - 8, rowOf(scene, layer) + scene.pitch / 2);
  }
}

function paintLooked(
  context: Pen,
  scene: LensScene,
  { table, chosen }: LensPicture,
  looked: LensHit | null,
  palette: Palette,
): void {
  if (chosen !== null && scene.heads !== null && chosen.head < scene.heads.count)
    paintBox(context, headRect(scene, chosen.layer, chosen.head), palette.text, 1);
  const place = looked === null || looked.kind === "token" ? null : placeOfHit(scene, table.start, looked);
  if (place !== null) paintBox(context, place, palette.text, 1.5);
}

function paintHead(
  context: Pen,
  scene: LensScene,
  { table, names, measure }: LensPicture,
  looked: LensHit | null,
  strong: string,
  palette: Palette,
): void {
  context.textBaseline = "middle";
  const pointed = looked !== null && "position" in looked ? looked.position : -1;
  names.forEach((name, place) => {
    const position = table.start + place;
    const asked = position === table.query;
    const font = `${asked || position === pointed ? "600" : "400"} 11px ${palette.font}`;
    const x = scene.left + place * scene.columnWidth + 4;
    context.textAlign = "left";
    context.font = font;
    context.fillStyle = asked ? strong : position === pointed ? palette.text : palette.muted;
    context.fillText(
      fitted(name, scene.columnWidth - 8, (some) => measure(some, font)),
      x,
      12,
    );
    context.font = `400 10px ${palette.font}`;
    context.fillStyle = palette.muted;
    context.fillText(`#${position}`, x, 27);
  });
  context.font = `400 10px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textAlign = "right";
  context.fillText("layer ↓", scene.left - 6, 27);
  if (table.direct === null) return;
  if (scene.parts !== null) {
    const { x, width } = scene.parts;
    context.textAlign = "right";
    context.fillText("attn", x + width - 5, 27);
    context.fillText("MLP", x + 2 * width - 5, 27);
  }
  if (scene.heads !== null) {
    context.textAlign = "left";
    context.fillText(
      scene.heads.count === 1 ? "head" : `heads 0–${scene.heads.count - 1}`,
      scene.heads.x,
      27,
    );
  }
}
