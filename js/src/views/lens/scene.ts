import type { Rect } from "../../drawing/scene";

export interface LensInput {
  readonly layers: number;
  /** How many tokens stand side by side. */
  readonly columns: number;
  /** The heads of the layer that has most; 0 where what they add is not known. */
  readonly heads: number;
  /** Whether there is anything beside the tokens. */
  readonly direct: boolean;
  readonly width: number;
  readonly offset: number;
  readonly tallest?: number | undefined;
  /** The column of the query; null where it is out of sight. */
  readonly query: number | null;
}

/** Layers downwards, tokens to the right; beside them, on the same lines, what each layer's parts add. */
export interface LensScene {
  readonly width: number;
  readonly height: number;
  readonly full: number;
  readonly offset: number;
  readonly layers: number;
  readonly columns: number;
  readonly left: number;
  readonly top: number;
  readonly pitch: number;
  readonly columnWidth: number;
  /** Where attention and MLP begin, and how wide each is; null where they are not shown. */
  readonly parts: { readonly x: number; readonly width: number } | null;
  readonly heads: { readonly x: number; readonly pitch: number; readonly count: number } | null;
  /** Where cells may be painted. */
  readonly area: Rect;
  readonly queryBand: Rect | null;
}

export type LensHit =
  | { readonly kind: "cell"; readonly layer: number; readonly position: number }
  | { readonly kind: "token"; readonly position: number }
  | { readonly kind: "part"; readonly layer: number; readonly part: 0 | 1 }
  | { readonly kind: "head"; readonly layer: number; readonly head: number };

const left = 42;
const top = 38;
const foot = 4;
const [wantedColumn, largestColumn, mostColumns] = [82, 150, 12];
const [smallestRow, largestRow] = [16, 30];
const [wantedHeight, largestHeight] = [480, 560];
const partWidth = 40;
const gap = 14;
const [smallestHead, largestHead] = [4, 14];
/** Less than this is all for the tokens. */
const narrow = 360;
/** How much of the width the heads may take. */
const headShare = 0.26;

function besideOf(width: number, heads: number, direct: boolean): { parts: number; pitch: number } {
  if (!direct || width < narrow) return { parts: 0, pitch: 0 };
  const pitch = heads > 0 ? Math.min(largestHead, Math.floor((width * headShare) / heads)) : 0;
  return { parts: gap + 2 * partWidth, pitch: pitch < smallestHead ? 0 : pitch };
}

/** How many tokens there is room for. */
export function columnsIn(width: number, heads: number, direct: boolean): number {
  const { parts, pitch } = besideOf(width, heads, direct);
  const room = width - left - parts - (pitch > 0 ? gap + heads * pitch : 0);
  return Math.max(1, Math.min(mostColumns, Math.floor(room / wantedColumn)));
}

export function lensScene(input: LensInput): LensScene {
  const { width, tallest } = input;
  const layers = Math.max(1, input.layers);
  const columns = Math.max(1, input.columns);
  const { parts, pitch: headPitch } = besideOf(width, input.heads, input.direct);
  const room = width - left - parts - (headPitch > 0 ? gap + input.heads * headPitch : 0) - 2;
  const columnWidth = Math.max(1, Math.min(largestColumn, Math.floor(room / columns)));
  const pitch = clamp(Math.floor(((tallest ?? wantedHeight) - top - foot) / layers), smallestRow, largestRow);
  const full = top + layers * pitch + foot;
  const height = Math.min(full, tallest ?? largestHeight);
  const offset = clamp(input.offset, 0, full - height);
  const partsAt = left + columns * columnWidth + gap;
  const area = { x: left, y: top, width: width - left, height: height - top - foot };
  const { query } = input;
  return {
    width,
    height,
    full,
    offset,
    layers,
    columns,
    left,
    top,
    pitch,
    columnWidth,
    parts: parts > 0 ? { x: partsAt, width: partWidth } : null,
    heads: headPitch > 0 ? { x: partsAt + 2 * partWidth + gap, pitch: headPitch, count: input.heads } : null,
    area,
    queryBand:
      query === null
        ? null
        : {
            x: left + query * columnWidth,
            y: top - offset,
            width: columnWidth,
            height: layers * pitch,
          },
  };
}

/** The same, not scrolled, as high as it is or may be. */
export function wholeLens(scene: LensScene, highest: number): LensScene {
  const height = Math.min(scene.full, highest);
  const { queryBand, area } = scene;
  return {
    ...scene,
    offset: 0,
    height,
    area: { ...area, height: height - top - foot },
    queryBand: queryBand === null ? null : { ...queryBand, y: top },
  };
}

export function rowOf({ top: first, pitch, offset }: LensScene, layer: number): number {
  return first + layer * pitch - offset;
}

export function cellRect(scene: LensScene, layer: number, column: number): Rect {
  const { left: begin, columnWidth, pitch } = scene;
  return { x: begin + column * columnWidth, y: rowOf(scene, layer), width: columnWidth, height: pitch };
}

export function partRect(scene: LensScene, layer: number, part: number): Rect {
  const { x = 0, width = 0 } = scene.parts ?? {};
  return { x: x + part * width, y: rowOf(scene, layer), width, height: scene.pitch };
}

export function headRect(scene: LensScene, layer: number, head: number): Rect {
  const { x = 0, pitch = 0 } = scene.heads ?? {};
  return { x: x + head * pitch, y: rowOf(scene, layer), width: pitch, height: scene.pitch };
}

/** What is under a point. `start`: the token of the first column. */
export function lensHit(scene: LensScene, start: number, x: number, y: number): LensHit | null {
  const column = inside(Math.floor((x - scene.left) / scene.columnWidth), scene.columns);
  if (y < scene.top) return column === null ? null : { kind: "token", position: start + column };
  const layer = inside(Math.floor((y - scene.top + scene.offset) / scene.pitch), scene.layers);
  if (layer === null || y > scene.top + scene.area.height) return null;
  if (column !== null) return { kind: "cell", layer, position: start + column };
  if (scene.parts !== null) {
    const part = inside(Math.floor((x - scene.parts.x) / scene.parts.width), 2);
    if (part !== null) return { kind: "part", layer, part: part === 0 ? 0 : 1 };
  }
  if (scene.heads === null) return null;
  const head = inside(Math.floor((x - scene.heads.x) / scene.heads.pitch), scene.heads.count);
  return head === null ? null : { kind: "head", layer, head };
}

/** Where something that is looked at stands; null where it is out of sight. */
export function placeOfHit(scene: LensScene, start: number, hit: LensHit): Rect | null {
  if (hit.kind === "part") return scene.parts === null ? null : partRect(scene, hit.layer, hit.part);
  if (hit.kind === "head") return scene.heads === null ? null : headRect(scene, hit.layer, hit.head);
  const column = hit.position - start;
  if (column < 0 || column >= scene.columns) return null;
  if (hit.kind === "token") return { ...cellRect(scene, 0, column), y: 0, height: scene.top };
  return cellRect(scene, hit.layer, column);
}

/** Where to scroll, so that a layer is seen; null where it is. */
export function revealLayer(scene: LensScene, layer: number): number | null {
  const y = rowOf(scene, layer);
  if (y >= scene.top && y + scene.pitch <= scene.top + scene.area.height + 1) return null;
  return clamp(layer * scene.pitch - scene.area.height / 2, 0, scene.full - scene.height);
}

function inside(index: number, count: number): number | null {
  return index >= 0 && index < count ? index : null;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
