import type { Brush, Pen } from "../drawing/brush";
import type { Pixels } from "../drawing/pixels";
import type { Rect } from "../drawing/scene";
import type { Palette } from "../lib/colour";
import { type HeadMarks, paintMarked } from "../what-if/marks-paint";
import { type GridScene, headRect } from "./scene";
import type { Shades } from "./shades";

export interface GridPicture {
  /** All thumbnails in one image; null before the first frame. */
  readonly image: Pixels | null;
  /** Of one thumbnail. */
  readonly rows: number;
  readonly columns: number;
  readonly pinned: { readonly layer: number; readonly head: number } | null;
  /** Several heads that are shown together, the pinned one among them, each in its colour. */
  readonly together?: readonly { readonly layer: number; readonly head: number; readonly colour: string }[];
  readonly hovered: { readonly layer: number; readonly head: number } | null;
  /** A row that is on show as a whole: the mean of a layer. */
  readonly wholeLayer: number | null;
  readonly strong: string;
  /** What the cells say instead of their maps. */
  readonly shades?: Shades | null;
  /** Names of the heads that stay when others fade; null where all do. */
  readonly kept?: ReadonlySet<string> | null;
  /** What is changed in the computation; null where nothing is. */
  readonly marks?: HeadMarks | null;
}

/** Faint enough to stand back, strong enough to be found. */
const faded = 0.18;
/** Of a cell, in pixels, before something is written into it. */
const numberRoom = 25;

export function paintGrid(brush: Brush, scene: GridScene, picture: GridPicture, palette: Palette): void {
  paintCells(brush, scene, picture, palette);
  paintPointed(brush, scene, picture, palette);
}

/** What stays while the pointer moves. */
export function paintCells(brush: Brush, scene: GridScene, picture: GridPicture, palette: Palette): void {
  const { context } = brush;
  paintQuiet(context, scene, palette);
  scene.rows.forEach(({ heads }, layer) => {
    for (let head = 0; head < heads; head++) {
      context.globalAlpha = picture.kept?.has(`L${layer}H${head}`) === false ? faded : 1;
      paintHead(brush, scene, picture, palette, layer, head);
    }
  });
  context.globalAlpha = 1;
}

/** The numbers at the sides and the rings, which follow the pointer. */
export function paintPointed(brush: Brush, scene: GridScene, picture: GridPicture, palette: Palette): void {
  const { context } = brush;
  paintHeads(brush, scene, picture, palette);
  paintLabels(context, scene, picture, palette);
  const { together = [], marks } = picture;
  if (marks != null)
    paintMarked(
      context,
      marks,
      ({ layer, head }) => headRect(scene, layer, head),
      palette.effectHurts.strong,
      palette.ground,
    );
  for (const each of together) paintRing(context, scene, each, each.colour, 2.5);
  if (picture.pinned !== null && together.length === 0)
    paintRing(context, scene, picture.pinned, picture.strong, picture.hovered === null ? 2 : 1);
  if (picture.hovered !== null) paintRing(context, scene, picture.hovered, picture.strong, 2);
  if (picture.wholeLayer !== null) paintRow(context, scene, picture.wholeLayer, picture.strong);
}

function paintHead(
  { context, bitmap }: Brush,
  scene: GridScene,
  picture: GridPicture,
  palette: Palette,
  layer: number,
  head: number,
): void {
  const { x, y, width, height } = headRect(scene, layer, head);
  const radius = scene.cell > 14 ? 3 : 0;
  if (picture.shades != null) {
    paintShade(
      context,
      { x, y, width, height },
      picture.shades,
      palette,
      layer * picture.shades.heads + head,
    );
    return;
  }
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  if (picture.image !== null && picture.rows > 0) {
    context.clip();
    const { image, rows, columns } = picture;
    context.imageSmoothingEnabled = Math.max(rows, columns) > width * 2;
    context.drawImage(bitmap(image), head * columns, layer * rows, columns, rows, x, y, width, height);
  }
  context.restore();
  if (scene.cell < 14) return;
  context.strokeStyle = palette.hairline;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(x - 0.5, y - 0.5, width + 1, height + 1, radius);
  context.stroke();
}

function paintShade(
  context: Pen,
  { x, y, width, height }: Rect,
  shades: Shades,
  palette: Palette,
  index: number,
): void {
  const shade = shades.cells[index] ?? null;
  context.fillStyle = shade?.fill ?? palette.hairline;
  context.beginPath();
  context.roundRect(x, y, width, height, width > 14 ? 3 : 0);
  if (shade === null) {
    context.strokeStyle = palette.hairline;
    context.lineWidth = 1;
    context.stroke();
    return;
  }
  context.fill();
  if (width < numberRoom || (shade.text.length > 4 && width < numberRoom * 1.4)) return;
  context.fillStyle = shade.ink;
  context.font = `400 ${width < 34 ? 10 : width < 72 ? 11 : 13}px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(shade.text, x + width / 2, y + height / 2);
}

function paintQuiet(context: Pen, { rules, notes }: GridScene, palette: Palette): void {
  context.fillStyle = palette.hairline;
  for (const { x, y, width, height } of rules) context.fillRect(x, y, width, height);
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { text, x, y } of notes) context.fillText(text, x, y);
}

/** The numbers of the heads, over the columns. */
export function paintHeads(
  { context }: Brush,
  scene: GridScene,
  picture: GridPicture,
  palette: Palette,
): void {
  const point = picture.hovered ?? picture.pinned;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const label of scene.columnLabels)
    paintNumber(context, label, label.index === point?.head, picture, palette);
}

function paintLabels(context: Pen, scene: GridScene, picture: GridPicture, palette: Palette): void {
  const point = picture.hovered ?? picture.pinned;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const layer = point?.layer ?? picture.wholeLayer;
  for (const label of scene.rowLabels) paintNumber(context, label, label.index === layer, picture, palette);
}

function paintNumber(
  context: Pen,
  label: { text: string; x: number; y: number },
  pointed: boolean,
  picture: GridPicture,
  palette: Palette,
): void {
  context.font = `${pointed ? "600" : "400"} 11px ${palette.font}`;
  context.fillStyle = pointed ? picture.strong : palette.muted;
  context.fillText(label.text, label.x, label.y);
}

function paintRing(
  context: Pen,
  scene: GridScene,
  at: { layer: number; head: number },
  colour: string,
  weight: number,
): void {
  const { x, y, width, height } = headRect(scene, at.layer, at.head);
  const out = 0.5;
  context.strokeStyle = colour;
  context.lineWidth = weight;
  context.beginPath();
  context.roundRect(x - out, y - out, width + 2 * out, height + 2 * out, scene.cell > 14 ? 4 : 1);
  context.stroke();
}

function paintRow(context: Pen, scene: GridScene, layer: number, colour: string): void {
  const first = headRect(scene, layer, 0);
  const last = headRect(scene, layer, Math.max(0, (scene.rows[layer]?.heads ?? 1) - 1));
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(first.x - 0.5, first.y - 0.5, last.x + last.width - first.x + 1, first.height + 1, 4);
  context.stroke();
}
