import type { ToneScale } from "../lib/colour";
import { oneForEach } from "../lib/one-for-each";
import { alone, type MapPlace } from "../session/answers/previews";
import { keysOf } from "../session/axes";
import type { HeadRef } from "../session/places";
import type { Block, Direction, Frame, Header, Span, Stats } from "../wire/types";
import type { Cell } from "./pointer";

/** One attention map as it is on show: exact, from a frame, or for a moment from a thumbnail. */
export interface MapOnShow extends MapPlace {
  readonly direction: Direction;
  /** Tokens that read; of two texts in the direction "read_by", tokens that are read. */
  readonly query: Span;
  /** Whether a text reads itself: then a token is a query and a key. */
  readonly square: boolean;
  /** Tokens along each axis. */
  readonly queries: number;
  readonly keys: number;
  readonly values: Float32Array;
  /** Cells along each axis. */
  readonly rows: number;
  readonly columns: number;
  /** Tokens in a cell, along each axis. */
  readonly queriesEach: number;
  readonly keysEach: number;
  /** 1 where every pair of tokens has a cell. */
  readonly pooling: number;
  readonly exact: boolean;
  /** Whether every pair of tokens has a cell of its own, in the kernel's own precision. */
  readonly precise: boolean;
  /** Whether its weights come in steps, as in a saved page. */
  readonly stepped: boolean;
  readonly causal: boolean;
  /** Whether it is what edits changed, after minus before: then its numbers have a sign. */
  readonly signed: boolean;
  readonly peak: number;
  readonly sinks: ReadonlySet<number>;
  readonly title: string;
  readonly recipe: string;
  readonly stats: Stats | null;
  /** By key and by query, for `query`; null where the kernel has not told. */
  readonly row: Float32Array | null;
  readonly column: Float32Array | null;
}

/** One object for a frame, so that nothing is worked out again when the eye comes back to it. */
export const mapOfFrame = oneForEach(readFrame);

function readFrame(frame: Frame): MapOnShow {
  const { header, matrix } = frame;
  const [rows = 0, columns = 0] = matrix.shape;
  const dtype = header.blocks.find(({ name }) => name === "matrix")?.dtype;
  return {
    ...facts(header),
    layer: header.layer,
    head: header.head,
    chosen: header.chosen,
    values: matrix.data,
    rows,
    columns,
    queriesEach: header.pooling,
    keysEach: header.pooling,
    pooling: header.pooling,
    exact: true,
    precise: header.pooling === 1 && dtype === "f32",
    stepped: dtype === "u8",
    signed: header.signed === true,
    peak: header.peak,
    sinks: new Set(header.sinks),
    title: header.title,
    recipe: header.recipe,
    stats: header.stats,
    row: frame.row,
    column: frame.column,
  };
}

/** The first sight of a head that was not asked for yet: its thumbnail, enlarged. */
export function mapOfThumbnail(frame: Frame, { layer, head }: HeadRef): MapOnShow | null {
  const thumbnail = readThumbnail(frame, layer, head);
  if (thumbnail === null) return null;
  const { header } = frame;
  const { values, rows, columns } = thumbnail;
  const queriesEach = header.tokens.pieces.length / rows;
  const keysEach = keysOf(header).pieces.length / columns;
  const vector = readPreview(frame.previews, layer, head);
  const reads = header.direction === "reads";
  return {
    ...facts(header),
    ...alone({ layer, head }),
    values,
    rows,
    columns,
    queriesEach,
    keysEach,
    pooling: Math.max(queriesEach, keysEach),
    exact: false,
    precise: false,
    stepped: false,
    signed: false,
    peak: highestIn(values, columns, header.key_tokens == null),
    sinks: new Set(header.sinks),
    title: headTitle(header.part, layer, head),
    recipe: "A preview from the small map of the head.",
    stats: null,
    row: reads ? vector : null,
    column: reads ? null : vector,
  };
}

/** As the kernel writes it: a part that is not all of the model is named. */
function headTitle(part: string, layer: number, head: number): string {
  const name = part === "self" ? "Layer" : `${part.charAt(0).toUpperCase()}${part.slice(1)} layer`;
  return `${name} ${layer} · Head ${head}`;
}

function facts(header: Header) {
  const { source, direction, query, causal, tokens } = header;
  const square = header.key_tokens == null;
  const [queries, keys] = [tokens.pieces.length, keysOf(header).pieces.length];
  return { source, direction, query, causal, square, queries, keys };
}

export function readThumbnail(frame: Frame, layer: number, head: number) {
  if (frame.thumbnails === null) return null;
  const [layers = 0, heads = 0, rows = 0, columns = 0] = frame.thumbnails.shape;
  if (layer < 0 || layer >= layers || head < 0 || head >= heads || rows * columns === 0) return null;
  const start = (layer * heads + head) * rows * columns;
  const bytes = frame.thumbnails.data.subarray(start, start + rows * columns);
  return { rows, columns, values: Float32Array.from(bytes, (byte) => (byte / 255) ** 2) };
}

export function readPreview(
  block: Block<Uint8Array> | null,
  layer: number,
  head: number,
): Float32Array | null {
  if (block === null) return null;
  const [, heads = 0, tokens = 0] = block.shape;
  const start = (layer * heads + head) * tokens;
  return Float32Array.from(block.data.subarray(start, start + tokens), (byte) => (byte / 255) ** 2);
}

/** As the kernel does it: the first row and the first column are where sinks live. */
function highestIn(values: Float32Array, columns: number, square: boolean): number {
  let peak = 0;
  for (let index = square ? columns : 0; index < values.length; index++) {
    if (!(square && index % columns === 0) && (values[index] as number) > peak)
      peak = values[index] as number;
  }
  return peak > 0 ? peak : Math.max(0, ...values);
}

/** The largest weight of a row, or a column, outside sinks; where there is nothing but sinks to read they count. Of changes the size. */
export function peakOf(weights: Float32Array, sinks = none): number {
  let peak = 0;
  weights.forEach((weight, token) => {
    if (!sinks.has(token) && Math.abs(weight) > peak) peak = Math.abs(weight);
  });
  return peak > 0 ? peak : weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
}

/**
 * The weight of the full tone of a map, for its matrix, text and lines: stretched it is the largest of the query. The
 * largest of the whole map would bring nothing out, as the first rows of a causal one have few keys to share among.
 */
export function fullOfMap(map: MapOnShow, scale: ToneScale): number {
  if (scale !== "stretch") return scale;
  const { direction, query } = map;
  const weights =
    direction === "reads" ? (map.row ?? rowOf(map, query)) : (map.column ?? columnOf(map, query));
  return peakOf(weights, sinksOf(map, direction));
}

/** What reads a token never rests. */
export function sinksOf(map: MapOnShow, direction: Direction): ReadonlySet<number> {
  return direction === "reads" ? map.sinks : none;
}

const none: ReadonlySet<number> = new Set();

/** The cell that was pointed at may be gone: the text has changed since. */
export function cellIn(map: MapOnShow | null, cell: Cell | null): Cell | null {
  return map !== null && cell !== null && cell.query < map.queries && cell.key < map.keys ? cell : null;
}

/** The weight in the cell that holds a pair of tokens. */
export function weightAt(map: MapOnShow, query: number, key: number): number {
  const row = Math.min(map.rows - 1, Math.floor(query / map.queriesEach));
  const column = Math.min(map.columns - 1, Math.floor(key / map.keysEach));
  return map.values[row * map.columns + column] ?? Number.NaN;
}

/** How much a span of queries reads each key: the mean over the span. */
export function rowOf(map: MapOnShow, [start, stop]: Span): Float32Array {
  if (map.pooling === 1 && stop - start === 1)
    return map.values.slice(start * map.columns, start * map.columns + map.keys);
  const sums = new Float32Array(map.keys);
  for (let query = start; query < stop; query++) {
    for (let key = 0; key < map.keys; key++) sums[key] = (sums[key] as number) + weightAt(map, query, key);
  }
  return sums.map((sum) => sum / Math.max(1, stop - start));
}

/** How much each query reads a span of keys: the sum over the span. */
export function columnOf(map: MapOnShow, [start, stop]: Span): Float32Array {
  const sums = new Float32Array(map.queries);
  if (map.pooling === 1 && stop - start === 1)
    return sums.map((_, query) => map.values[query * map.columns + start] as number);
  for (let query = 0; query < map.queries; query++) {
    for (let key = start; key < stop; key++)
      sums[query] = (sums[query] as number) + weightAt(map, query, key);
  }
  return sums;
}
