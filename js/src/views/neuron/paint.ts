import { clipped, paintBox } from "../../drawing/boxes";
import type { Brush, Pen } from "../../drawing/brush";
import type { Pixels } from "../../drawing/pixels";
import type { Rect } from "../../drawing/scene";
import { type Palette, rampColour } from "../../lib/colour";
import type { NeuronScene, NumberName, PairScene, Track } from "./scene";

/** What a row says. */
export interface NeuronRow {
  readonly key: number;
  readonly label: string;
  /** Null until the key's vector has come. */
  readonly k: Float32Array | null;
  /** By column; "" for none. */
  readonly numbers: Readonly<Record<NumberName, string>>;
  /** 0 to 1. */
  readonly bar: number;
  readonly masked: boolean;
}

export interface NeuronPicture {
  readonly query: string;
  readonly q: Float32Array;
  /** What the query's row says behind its vector. */
  readonly beside: string;
  readonly titles: Readonly<Record<NumberName, string>>;
  /** Those in sight, from the first one. */
  readonly rows: readonly NeuronRow[];
  /** One row of pixels for the query; one for each row in sight of the keys and the products. */
  readonly pixels: { readonly q: Pixels; readonly keys: Pixels; readonly products: Pixels };
  readonly strong: string;
  readonly open: number | null;
}

export function paintNeuron(
  brush: Brush,
  scene: NeuronScene,
  picture: NeuronPicture,
  palette: Palette,
): void {
  const { context } = brush;
  paintQuery(brush, scene, picture, palette);
  clipped(context, { x: 0, y: scene.top, width: scene.width, height: scene.height - scene.top }, () => {
    if (scene.looked !== null) paintLooked(context, scene.looked, palette);
    paintVectors(brush, scene, scene.keys, picture.rows, picture.pixels.keys);
    paintVectors(brush, scene, scene.products, picture.rows, picture.pixels.products);
    picture.rows.forEach((row, index) => {
      paintRow(context, scene, picture, row, scene.seen[0] + index, palette);
    });
  });
  paintStripes(context, scene.stripes, palette);
}

function paintQuery(
  { context, bitmap }: Brush,
  scene: NeuronScene,
  picture: NeuronPicture,
  palette: Palette,
): void {
  const { query, top } = scene;
  const middle = query.y + query.height / 2;
  const image = bitmap(picture.pixels.q);
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, scene.dimensions, 1, query.x, query.y, query.width, query.height);
  paintBox(context, query, palette.hairline, 1);
  write(context, picture.query, scene.label, middle, "right", picture.strong, `600 12px ${palette.font}`);
  const small = `400 11px ${palette.font}`;
  write(context, picture.beside, scene.products.left, middle, "left", palette.muted, small);
  const line = top - 11;
  write(context, "key", scene.label, line, "right", palette.muted, small);
  write(context, "k", scene.keys.left, line, "left", palette.muted, small);
  write(context, "q × k", scene.products.left, line, "left", palette.muted, small);
  write(context, "q", query.x, query.y - 7, "left", palette.muted, small);
  for (const { name, right } of scene.numbers)
    write(context, picture.titles[name], right, line, "right", palette.muted, small);
  context.fillStyle = palette.hairline;
  context.fillRect(0, top - 2, scene.width, 1);
}

function paintLooked(context: Pen, { x, y, width, height }: Rect, palette: Palette): void {
  context.globalAlpha = 0.6;
  context.fillStyle = palette.hairline;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
}

/** One image for all rows in sight, drawn row by row: the ground stays between them. */
function paintVectors(
  { context, bitmap }: Brush,
  scene: NeuronScene,
  { left, width }: Track,
  rows: readonly NeuronRow[],
  pixels: Pixels,
): void {
  const { pitch, dimensions } = scene;
  const image = bitmap(pixels);
  context.imageSmoothingEnabled = false;
  rows.forEach(({ k, masked }, index) => {
    if (k === null) return;
    const y = rowTop(scene, scene.seen[0] + index) + 4;
    context.globalAlpha = masked ? 0.4 : 1;
    context.drawImage(image, 0, index, dimensions, 1, left, y, width, pitch - 8);
  });
  context.globalAlpha = 1;
}

function rowTop(scene: NeuronScene, row: number): number {
  return scene.top + row * scene.pitch - scene.offset;
}

function paintRow(
  context: Pen,
  scene: NeuronScene,
  picture: NeuronPicture,
  row: NeuronRow,
  place: number,
  palette: Palette,
): void {
  const { pitch } = scene;
  const y = rowTop(scene, place);
  const middle = y + pitch / 2;
  const open = picture.open === place;
  const ink = row.masked ? palette.muted : palette.text;
  if (open) {
    context.fillStyle = picture.strong;
    context.fillRect(0, y + 2, 2, pitch - 4);
  }
  write(
    context,
    row.label,
    scene.label,
    middle,
    "right",
    ink,
    `${open ? "600" : "400"} 12px ${palette.font}`,
  );
  write(context, String(row.key), 6, middle, "left", palette.muted, `400 10px ${palette.font}`);
  for (const { name, right } of scene.numbers) {
    const weight = name === "weight";
    const font = `${weight && !row.masked ? "600" : "400"} 11px ${palette.font}`;
    write(context, row.numbers[name], right, middle, "right", weight ? ink : palette.muted, font);
  }
  if (row.bar > 0) {
    const { left, width } = scene.bar;
    context.fillStyle = picture.strong;
    context.fillRect(left + 8, y + 6, Math.max(1, (width - 8) * row.bar), pitch - 12);
  }
}

function paintStripes(context: Pen, stripes: readonly Rect[], palette: Palette): void {
  context.strokeStyle = palette.text;
  context.lineWidth = 1;
  for (const { x, y, width, height } of stripes) context.strokeRect(x - 0.5, y - 0.5, width + 1, height);
}

export interface PairPicture {
  /** As the lanes stand. */
  readonly vectors: readonly ArrayLike<number>[];
  /** Dimensions that are pointed out: those with the largest products. */
  readonly marked: readonly number[];
}

/** Bars up for what is above zero and down for what is below: colour is not all that tells them apart. */
export function paintPair(
  { context }: Brush,
  scene: PairScene,
  picture: PairPicture,
  palette: Palette,
): void {
  const { track, dimensions, lanes } = scene;
  const pitch = track.width / Math.max(1, dimensions);
  const width = pitch < 3 ? pitch : pitch - 1;
  const [below, above] = [0.12, 0.88].map((place) => `rgb(${rampColour(palette.signed, place).join(" ")})`);
  lanes.forEach(({ name, middle, reach }, lane) => {
    const vector = picture.vectors[lane] ?? [];
    const peak = Array.from(vector).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const last = lane === lanes.length - 1;
    context.fillStyle = palette.hairline;
    context.fillRect(track.left, middle, track.width, 1);
    for (let at = 0; at < dimensions; at++) {
      const value = vector[at] ?? 0;
      const size = peak > 0 ? (Math.abs(value) / peak) * reach : 0;
      context.globalAlpha = last && picture.marked.length > 0 && !picture.marked.includes(at) ? 0.55 : 1;
      context.fillStyle = (value < 0 ? below : above) as string;
      context.fillRect(track.left + at * pitch, value < 0 ? middle : middle - size, width, size);
    }
    context.globalAlpha = 1;
    write(
      context,
      name,
      track.left - 8,
      middle,
      "right",
      last ? palette.text : palette.muted,
      `400 11px ${palette.font}`,
    );
  });
  paintStripes(context, scene.stripe === null ? [] : [scene.stripe], palette);
}

function write(
  context: Pen,
  text: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
  colour: string,
  font: string,
): void {
  if (text === "") return;
  context.font = font;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
