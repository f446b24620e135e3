import type { Direction, Span } from "../wire/types";
import { thinLabels } from "./labels";
import type { Label, Rect } from "./scene";

export interface MatrixInput {
  readonly labels: readonly string[];
  readonly width: number;
  readonly direction: Direction;
  /** The pinned query. */
  readonly query: Span;
  /** What is looked at: the query, or a hovered token. */
  readonly focus: Span;
  readonly cell: { readonly query: number; readonly key: number } | null;
  /** Tokens that matter most to the focus, along the other axis. */
  readonly strong: readonly number[];
  readonly measure: (text: string) => number;
}

export interface MatrixScene {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly left: number;
  readonly top: number;
  /** One token, along each axis. May be less than a pixel. */
  readonly pitch: number;
  readonly size: number;
  readonly tilted: boolean;
  readonly rowLabels: readonly Label[];
  readonly columnLabels: readonly Label[];
  readonly band: Rect;
  readonly focusBand: Rect | null;
  readonly cross: Rect | null;
}

export const labelAngle = (-55 * Math.PI) / 180;
const largestCell = 60;
/** Larger than this a matrix no longer fits a screen. */
const largestSize = 560;
const labelGap = 8;
/** Room for the words in the corner. */
const cornerWidth = 40;
const rowRoom = 11;
const columnRoom = 12;
const across = Math.cos(labelAngle);
const along = -Math.sin(labelAngle);

export function matrixScene(input: MatrixInput): MatrixScene {
  const count = Math.max(1, input.labels.length);
  const widths = input.labels.map(input.measure);
  const widest = widths.reduce((most, width) => Math.max(most, width), cornerWidth);
  const left = Math.ceil(widest) + labelGap + 2;
  const pitch = pitchOf(input.width - left, widths);
  const tilted = widest > pitch - 6;
  const top = Math.ceil(tilted ? widest * along + 16 : 32);
  const size = pitch * count;
  const frame = { left, top, pitch, size };
  const moved = input.focus[0] !== input.query[0] || input.focus[1] !== input.query[1];
  return {
    ...frame,
    width: input.width,
    height: Math.ceil(top + size + 2),
    count,
    tilted,
    rowLabels: rowLabels(input, frame),
    columnLabels: columnLabels(input, frame),
    band: bandOf(input.query, input.direction, frame),
    focusBand: moved ? bandOf(input.focus, input.direction, frame) : null,
    cross: input.cell === null ? null : cellRect(input.cell, frame),
  };
}

type Frame = Pick<MatrixScene, "left" | "top" | "pitch" | "size">;

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

function rowLabels(input: MatrixInput, { left, top, pitch }: Frame): Label[] {
  return axis(input, "query", pitch, rowRoom).map((label) => ({
    ...label,
    x: left - labelGap,
    y: top + (label.index + 0.5) * pitch,
  }));
}

function columnLabels(input: MatrixInput, { left, top, pitch }: Frame): Label[] {
  return axis(input, "key", pitch, columnRoom).map((label) => ({
    ...label,
    x: left + (label.index + 0.5) * pitch,
    y: top - labelGap,
  }));
}

function axis(input: MatrixInput, name: "query" | "key", pitch: number, room: number) {
  const focused = (name === "query") === (input.direction === "reads");
  const pointed = [
    ...(focused ? range(input.focus) : []),
    ...(input.cell === null ? [] : [input.cell[name]]),
  ];
  const strong = focused ? [] : input.strong;
  const needed = pointed.length > 3 ? [pointed[0] as number, pointed.at(-1) as number] : pointed;
  return thinLabels(input.labels.length, pitch, room, needed).map((index) => ({
    index,
    text: input.labels[index] ?? "",
    tone: pointed.includes(index)
      ? ("point" as const)
      : strong.includes(index)
        ? ("strong" as const)
        : ("plain" as const),
  }));
}

function range([start, stop]: Span): number[] {
  return Array.from({ length: Math.max(0, stop - start) }, (_, index) => start + index);
}

function bandOf([start, stop]: Span, direction: Direction, { left, top, pitch, size }: Frame): Rect {
  const extent = Math.max(pitch * (stop - start), 2);
  return direction === "reads"
    ? { x: left, y: top + start * pitch, width: size, height: extent }
    : { x: left + start * pitch, y: top, width: extent, height: size };
}

function cellRect({ query, key }: { query: number; key: number }, { left, top, pitch }: Frame): Rect {
  return {
    x: left + key * pitch,
    y: top + query * pitch,
    width: Math.max(pitch, 2),
    height: Math.max(pitch, 2),
  };
}

export type MatrixHit =
  | { readonly kind: "cell"; readonly query: number; readonly key: number }
  | { readonly kind: "row"; readonly token: number }
  | { readonly kind: "column"; readonly token: number };

export function matrixHit(scene: MatrixScene, x: number, y: number): MatrixHit | null {
  const column = Math.floor((x - scene.left) / scene.pitch);
  const row = Math.floor((y - scene.top) / scene.pitch);
  const inColumns = column >= 0 && column < scene.count;
  const inRows = row >= 0 && row < scene.count;
  if (inColumns && inRows) return { kind: "cell", query: row, key: column };
  if (inRows && x < scene.left) return { kind: "row", token: row };
  if (y < scene.top && x > scene.left - 4) return columnLabelHit(scene, x, y);
  return null;
}

function columnLabelHit(scene: MatrixScene, x: number, y: number): MatrixHit | null {
  const rise = scene.top - labelGap - y;
  const foot = scene.tilted ? x - (Math.max(0, rise) * across) / along : x;
  const token = Math.floor((foot - scene.left) / scene.pitch);
  return token >= 0 && token < scene.count ? { kind: "column", token } : null;
}
