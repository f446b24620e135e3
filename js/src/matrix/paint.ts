import { clipped, paintBox } from "../drawing/boxes";
import type { Brush, Pen } from "../drawing/brush";
import { paintHatch } from "../drawing/hatch";
import { paintCorner, paintLabel } from "../drawing/labels-paint";
import type { Pixels } from "../drawing/pixels";
import type { Rect } from "../drawing/scene";
import { inkOn, type Palette, placeOf, type Ramp, rampColour } from "../lib/colour";
import { shortWeight, signedWeight } from "../lib/format";
import { columnX, type MatrixScene, rowY } from "./scene";

export interface MatrixPicture {
  readonly image: Pixels;
  readonly rows: number;
  readonly columns: number;
  /** Tokens in a pixel of the image, along each axis. */
  readonly queriesEach: number;
  readonly keysEach: number;
  /** The tokens at which the image begins: the first ones when not said. */
  readonly first?: { readonly query: number; readonly key: number };
  /** The weight in a cell, where cells are large enough to print it; null elsewhere. */
  readonly printed: ((query: number, key: number) => number | null) | null;
  /** The number of the full tone. */
  readonly full: number;
  readonly ramp: Ramp;
  /** Whether the numbers have a sign: then nothing is the middle of the ramp. */
  readonly signed?: boolean;
  readonly strong: string;
  /** Keys whose columns are hatched. */
  readonly sinks?: ReadonlySet<number>;
  /** Pairs that are cut, and keys that nobody reads. */
  readonly changed?: Changed | null;
}

/** What is changed of a map, in its rows and columns; `queries` null: in every row. */
export interface Changed {
  readonly cuts: readonly { readonly queries: readonly number[] | null; readonly keys: readonly number[] }[];
  readonly hidden: readonly number[];
}

const printedFrom = 34;
const printedHeight = 16;

export function paintMatrix(
  brush: Brush,
  scene: MatrixScene,
  picture: MatrixPicture,
  palette: Palette,
): void {
  const { context } = brush;
  const { left, top, across, down } = scene;
  clipped(context, { x: left, y: top, width: across, height: down }, () => {
    paintImage(brush, scene, picture);
    for (const box of sinkColumns(scene, picture)) paintHatch(context, box, palette);
    if (picture.printed !== null && scene.columnPitch >= printedFrom && scene.rowPitch >= printedHeight)
      paintNumbers(context, scene, picture, palette);
    if (picture.changed != null) paintChanged(context, scene, picture.changed, palette);
    for (const guide of scene.guides) paintGuide(context, guide, palette);
  });
  paintBox(context, { x: left, y: top, width: across, height: down }, palette.hairline, 1);
  // Half a pixel of an outline lies outside of what it surrounds.
  clipped(context, { x: left - 1.5, y: top - 1.5, width: across + 3, height: down + 3 }, () => {
    if (scene.band !== null)
      paintBox(context, scene.band, picture.strong, scene.focusBand === null ? 1.5 : 0.75);
    if (scene.focusBand !== null) paintBox(context, scene.focusBand, picture.strong, 1.5);
    if (scene.cross !== null) paintBox(context, scene.cross, palette.text, 1.5);
  });
  paintCorner(context, scene, ["key", "query"], palette);
  for (const label of scene.rowLabels) paintLabel(context, label, "right", picture.strong, palette);
  const how = scene.tilted ? "tilted" : "center";
  for (const label of scene.columnLabels) paintLabel(context, label, how, picture.strong, palette);
  for (const thumb of scene.thumbs) paintThumb(context, thumb, palette);
}

/** What is in sight of the columns of sinks: at least a pixel of the image wide. */
function sinkColumns(scene: MatrixScene, { sinks, keysEach }: MatrixPicture): Rect[] {
  const width = scene.columnPitch * keysEach;
  const { top: y, down: height } = scene;
  return Array.from(sinks ?? [], (key) => columnX(scene, Math.floor(key / keysEach) * keysEach))
    .filter((x) => x + width > scene.left && x < scene.left + scene.across)
    .map((x) => ({ x, y, width, height }));
}

/** Only the pixels in sight are handed to the canvas: an image that is enlarged 200 times would be dear. */
function paintImage({ context, bitmap }: Brush, scene: MatrixScene, picture: MatrixPicture): void {
  const { first = { query: 0, key: 0 }, queriesEach, keysEach } = picture;
  const [width, height] = [scene.columnPitch * keysEach, scene.rowPitch * queriesEach];
  const across = inSight(scene.columns, first.key, keysEach, picture.columns);
  const down = inSight(scene.rows, first.query, queriesEach, picture.rows);
  if (across.many <= 0 || down.many <= 0) return;
  context.imageSmoothingEnabled = width < 1 || height < 1;
  context.drawImage(
    bitmap(picture.image),
    across.from,
    down.from,
    across.many,
    down.many,
    columnX(scene, first.key + across.from * keysEach),
    rowY(scene, first.query + down.from * queriesEach),
    width * across.many,
    height * down.many,
  );
}

function inSight([start, stop]: readonly [number, number], first: number, each: number, most: number) {
  const from = Math.max(0, Math.floor((start - first) / each));
  return { from, many: Math.min(most, Math.ceil((stop - first) / each)) - from };
}

function paintNumbers(context: Pen, scene: MatrixScene, picture: MatrixPicture, palette: Palette): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `400 11px ${palette.font}`;
  const { printed, full, ramp, signed = false } = picture;
  for (let query = scene.rows[0]; query < scene.rows[1]; query++) {
    for (let key = scene.columns[0]; key < scene.columns[1]; key++) {
      const value = printed?.(query, key) ?? null;
      if (value === null || !(Math.abs(value) >= 0.005)) continue;
      context.fillStyle = inkOn(rampColour(ramp, placeOf(value, full, signed)));
      const text = signed ? signedWeight(value, shortWeight) : shortWeight(value);
      context.fillText(text, columnX(scene, key + 0.5), rowY(scene, query + 0.5));
    }
  }
}

/** A cross in every cell that is cut, a line over every column that nobody reads. */
function paintChanged(context: Pen, scene: MatrixScene, { cuts, hidden }: Changed, palette: Palette): void {
  const { columnPitch, rowPitch, top, rows } = scene;
  const all = Array.from({ length: rows[1] - rows[0] }, (_, index) => rows[0] + index);
  context.strokeStyle = palette.effectHurts.strong;
  context.fillStyle = palette.effectHurts.strong;
  context.lineWidth = 1.75;
  const arm = Math.max(1.5, Math.min(columnPitch, rowPitch, 18) / 2 - 2);
  for (const { queries, keys } of cuts)
    for (const query of queries ?? all)
      for (const key of keys) {
        const [x, y] = [columnX(scene, key + 0.5), rowY(scene, query + 0.5)];
        context.beginPath();
        context.moveTo(x - arm, y - arm);
        context.lineTo(x + arm, y + arm);
        context.moveTo(x + arm, y - arm);
        context.lineTo(x - arm, y + arm);
        context.stroke();
      }
  for (const key of hidden) context.fillRect(columnX(scene, key), top, Math.max(1, columnPitch), 3);
}

/** Two fine lines along a row or a column: what lies between them keeps its colour. */
function paintGuide(context: Pen, { x, y, width, height }: Rect, palette: Palette): void {
  context.save();
  context.globalAlpha = 0.3;
  context.fillStyle = palette.text;
  if (width > height) {
    context.fillRect(x, y - 1, width, 1);
    context.fillRect(x, y + height, width, 1);
  } else {
    context.fillRect(x - 1, y, 1, height);
    context.fillRect(x + width, y, 1, height);
  }
  context.restore();
}

function paintThumb(context: Pen, { x, y, width, height }: Rect, palette: Palette): void {
  context.save();
  context.globalAlpha = 0.45;
  context.fillStyle = palette.muted;
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(width, height) / 2);
  context.fill();
  context.restore();
}
