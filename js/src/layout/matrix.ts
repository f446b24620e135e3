import type { Direction, Span, Viewport } from "../wire/types";
import { labelStep, thinLabels } from "./labels";
import type { Label, Rect } from "./scene";
import { labelAngle } from "./tilt";
import { clampViewport, extentOf, isZoomed, wholeMap } from "./viewport";

export interface MatrixInput extends FrameInput {
  readonly direction: Direction;
  /** The pinned query. */
  readonly query: Span;
  /** What is looked at: the query, or a hovered token. */
  readonly focus: Span;
  readonly cell: { readonly query: number; readonly key: number } | null;
  /** Tokens that matter most to the focus, along the other axis. */
  readonly strong: readonly number[];
  /** What of the map is in sight; all of it when not said. */
  readonly viewport?: Viewport;
}

interface FrameInput {
  readonly labels: readonly string[];
  readonly width: number;
  readonly measure: (text: string) => number;
}

/** Where the square of the matrix is. It does not move when the map in it is zoomed. */
export interface MatrixFrame {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly left: number;
  readonly top: number;
  readonly size: number;
  readonly widest: number;
}

export interface MatrixScene extends MatrixFrame {
  /** One token, along each axis. May be less than a pixel. */
  readonly pitch: number;
  readonly view: Viewport;
  readonly zoomed: boolean;
  /** Tokens in sight. */
  readonly rows: Span;
  readonly columns: Span;
  readonly tilted: boolean;
  readonly rowLabels: readonly Label[];
  readonly columnLabels: readonly Label[];
  /** The pinned query; null where it is not outlined. */
  readonly band: Rect | null;
  readonly focusBand: Rect | null;
  readonly cross: Rect | null;
  /** Row and column of the cell that is looked at. */
  readonly guides: readonly Rect[];
  /** Beside the square while it is zoomed: which part of the map is in sight, along each axis. */
  readonly thumbs: readonly Rect[];
}

const largestCell = 60;
/** Larger than this a matrix no longer fits a screen. */
const largestSize = 560;
const labelGap = 8;
/** Room for the words in the corner. */
const cornerWidth = 40;
const rowRoom = 11;
const columnRoom = 12;
/** From here on a thinned axis is no longer a text that could be read: it gives numbers. */
const numbersFrom = 10;
/** Numbers are marks to find one's way by, and need not stand as close as words. */
const numberRoom = 26;
/** A label nearer to the upper edge would run into the words in the corner. */
const topmost = 3;
const thumbGap = 3;
const thumbWidth = 3;
const shortestThumb = 8;
const across = Math.cos(labelAngle);
const along = -Math.sin(labelAngle);

export function matrixFrame({ labels, width, measure }: FrameInput): MatrixFrame {
  const count = Math.max(1, labels.length);
  const widths = labels.map(measure);
  const widest = widths.reduce((most, width) => Math.max(most, width), cornerWidth);
  const left = Math.ceil(widest) + labelGap + 2;
  const pitch = pitchOf(width - left, widths);
  const top = Math.ceil(tilts(widest, pitch) ? widest * along + 16 : 32);
  const size = pitch * count;
  return { width, height: Math.ceil(top + size + thumbGap + thumbWidth), count, left, top, size, widest };
}

export function matrixScene(input: MatrixInput, frame: MatrixFrame = matrixFrame(input)): MatrixScene {
  const view = clampViewport(input.viewport ?? wholeMap, frame);
  const sight = { ...frame, view, pitch: frame.size / view.span, ...extentOf(view, frame) };
  const zoomed = isZoomed(view, frame.count);
  const moved = input.focus[0] !== input.query[0] || input.focus[1] !== input.query[1];
  return {
    ...sight,
    zoomed,
    // The room above the square is made for the whole map: what lay flat there has no room to rise.
    tilted: tilts(frame.widest, sight.pitch),
    rowLabels: rowLabels(input, sight),
    columnLabels: columnLabels(input, sight),
    band: bandOf(input.query, input.direction, sight),
    focusBand: moved ? bandOf(input.focus, input.direction, sight) : null,
    cross: input.cell === null ? null : cellRect(input.cell, sight),
    guides: input.cell === null ? [] : guidesOf(input.cell, sight),
    thumbs: zoomed ? thumbsOf(sight) : [],
  };
}

type Sight = MatrixFrame & Pick<MatrixScene, "pitch" | "view" | "rows" | "columns">;

function tilts(widest: number, pitch: number): boolean {
  return widest > pitch - 6;
}

/** The largest cell with which the tilted labels of the last columns still fit. */
function pitchOf(room: number, widths: readonly number[]): number {
  const count = Math.max(1, widths.length);
  let pitch = Math.min(largestCell, largestSize / count, (room - 4) / count);
  for (let round = 0; round < 3; round++) {
    const overhang = widths.reduce(
      (most, width, index) => Math.max(most, width * across - (count - index - 0.5) * pitch),
      0,
    );
    pitch = Math.min(pitch, (room - 6 - overhang) / count);
  }
  return pitch >= 4 ? Math.floor(pitch) : Math.max(pitch, 0.1);
}

/** Where a token begins: its number may have a fraction. */
export function columnX({ left, pitch, view }: Pick<Sight, "left" | "pitch" | "view">, key: number): number {
  return left + (key - view.key) * pitch;
}

export function rowY({ top, pitch, view }: Pick<Sight, "top" | "pitch" | "view">, query: number): number {
  return top + (query - view.query) * pitch;
}

function rowLabels(input: MatrixInput, sight: Sight): Label[] {
  return axis(input, "query", sight.rows, sight.pitch, rowRoom)
    .map((label) => ({ ...label, x: sight.left - labelGap, y: rowY(sight, label.index + 0.5) }))
    .filter(({ y }) => y >= sight.top + topmost && y <= sight.top + sight.size);
}

function columnLabels(input: MatrixInput, sight: Sight): Label[] {
  const tilted = tilts(sight.widest, sight.pitch);
  return axis(input, "key", sight.columns, sight.pitch, columnRoom)
    .map((label) => ({ ...label, x: columnX(sight, label.index + 0.5), y: sight.top - labelGap }))
    .filter(({ x }) => x >= sight.left && x <= sight.left + sight.size)
    .map((label) =>
      tilted
        ? { ...label, text: fitted(label.text, (sight.width - label.x) / across, input.measure) }
        : label,
    );
}

/** A label that would leave the canvas at the right gives up its end: where the map is zoomed, any label may be the last. */
function fitted(text: string, room: number, measure: (text: string) => number): string {
  if (measure(text) <= room) return text;
  const signs = Array.from(text.replace(/…$/, ""));
  while (signs.length > 1 && measure(`${signs.join("")}…`) > room) signs.pop();
  return `${signs.join("")}…`;
}

function axis(input: MatrixInput, name: "query" | "key", sight: Span, pitch: number, room: number) {
  const focused = (name === "query") === (input.direction === "reads");
  const pointed = [
    ...(focused ? range(input.focus) : []),
    ...(input.cell === null ? [] : [input.cell[name]]),
  ];
  const strong = focused ? [] : input.strong;
  const needed = pointed.length > 3 ? [pointed[0] as number, pointed.at(-1) as number] : pointed;
  const numbers = labelStep(pitch, room) >= numbersFrom;
  const apart = numbers ? numberRoom : room;
  return thinLabels(input.labels.length, pitch, apart, needed, sight).map((index) => {
    const tone = pointed.includes(index) ? "point" : strong.includes(index) ? "strong" : "plain";
    const bare = tone === "plain" && numbers;
    return { index, tone, text: bare ? String(index) : (input.labels[index] ?? "") } as const;
  });
}

function range([start, stop]: Span): number[] {
  return Array.from({ length: Math.max(0, stop - start) }, (_, index) => start + index);
}

function bandOf([start, stop]: Span, direction: Direction, sight: Sight): Rect {
  const { left, top, size, pitch } = sight;
  const extent = Math.max(pitch * (stop - start), 2);
  return direction === "reads"
    ? { x: left, y: rowY(sight, start), width: size, height: extent }
    : { x: columnX(sight, start), y: top, width: extent, height: size };
}

function cellRect({ query, key }: { query: number; key: number }, sight: Sight): Rect {
  const side = Math.max(sight.pitch, 2);
  return { x: columnX(sight, key), y: rowY(sight, query), width: side, height: side };
}

function guidesOf(cell: { query: number; key: number }, sight: Sight): Rect[] {
  const { x, y, width, height } = cellRect(cell, sight);
  return [
    { x: sight.left, y, width: sight.size, height },
    { x, y: sight.top, width, height: sight.size },
  ];
}

function thumbsOf({ left, top, size, count, view }: Sight): Rect[] {
  const extent = Math.max(shortestThumb, (size * view.span) / count);
  const start = (first: number) => ((size - extent) * first) / (count - view.span);
  const beyond = size + thumbGap;
  return [
    { x: left + start(view.key), y: top + beyond, width: extent, height: thumbWidth },
    { x: left + beyond, y: top + start(view.query), width: thumbWidth, height: extent },
  ];
}

/** How much of its width a scene has ink in: few tokens leave the rest of it empty. */
export function inkWidth({ left, size, tilted, columnLabels, widest, width }: MatrixScene): number {
  const overhang = tilted ? Math.max(0, ...columnLabels.map(({ x }) => x + widest * across)) : 0;
  return Math.min(width, Math.ceil(Math.max(left + size + thumbGap + thumbWidth, overhang)) + 2);
}

export type MatrixHit =
  | { readonly kind: "cell"; readonly query: number; readonly key: number }
  | { readonly kind: "row"; readonly token: number }
  | { readonly kind: "column"; readonly token: number };

export function matrixHit(scene: MatrixScene, x: number, y: number): MatrixHit | null {
  const { left, top, size, count, pitch, view } = scene;
  const column = Math.floor((x - left) / pitch + view.key);
  const row = Math.floor((y - top) / pitch + view.query);
  const inColumns = x >= left && x < left + size && column < count;
  const inRows = y >= top && y < top + size && row < count;
  if (inColumns && inRows) return { kind: "cell", query: row, key: column };
  if (inRows && x < left) return { kind: "row", token: row };
  if (y < top && x > left - 4) return columnLabelHit(scene, x, y);
  return null;
}

function columnLabelHit(scene: MatrixScene, x: number, y: number): MatrixHit | null {
  const rise = scene.top - labelGap - y;
  const foot = scene.tilted ? x - (Math.max(0, rise) * across) / along : x;
  const token = Math.floor((foot - scene.left) / scene.pitch + scene.view.key);
  return foot >= scene.left && foot < scene.left + scene.size && token < scene.count
    ? { kind: "column", token }
    : null;
}
