import type { Side } from "../../session/places";
import type { Direction, Span } from "../../wire/types";

/** How far each side is scrolled, in pixels. */
export type Offsets = Readonly<Record<Side, number>>;

export const unscrolled: Offsets = { query: 0, key: 0 };

export interface LinesInput {
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly offsets: Offsets;
  /** The widest label, in pixels. */
  readonly widest: number;
  /** How high it may be before it scrolls: less than a screen, when not said. */
  readonly tallest?: number;
}

/**
 * The tokens on one side. Of more than fit the first stays in sight whatever is scrolled to: what stands over the others must not look like
 * the beginning of the text. Beside it, and at the foot, a strip as high as a token says what is out of sight.
 */
export interface Column {
  readonly count: number;
  readonly full: number;
  readonly offset: number;
  /** Tokens out of sight, the first of all never: from 1 up to `above`, and from `below` on. */
  readonly above: number;
  readonly below: number;
}

/** Queries on the left, keys on the right, one token a line. */
export interface LinesFrame {
  readonly width: number;
  readonly height: number;
  readonly pitch: number;
  /** The size of what is written, in pixels. */
  readonly letters: number;
  /** Where curves begin and end. */
  readonly left: number;
  readonly right: number;
  /** Whether a side has more than is in sight. */
  readonly long: boolean;
  readonly columns: Readonly<Record<Side, Column>>;
}

export interface Curve {
  readonly from: number;
  readonly to: number;
  /** 0 to 1, on the square-root scale. */
  readonly tone: number;
  /** A sink's, or what several lines that end out of sight carry together. */
  readonly kind: "key" | "sink" | "bundle";
  readonly direction: Direction;
  /** Of one of several heads; else that of the direction. */
  readonly colour?: string;
  /** How far it runs beside the straight way, in pixels, where several go the same: below it, if more than 0. */
  readonly aside?: number;
}

/** How thick a curve is, in pixels. */
export function thickness({ kind, tone }: Pick<Curve, "kind" | "tone">): number {
  return kind === "sink" ? 1.5 : 1 + 4 * tone;
}

/** As close as the labels of the matrix, where all of a text is in sight by it. */
const tightPitch = 12;
const usualPitch = 20;
const largestPitch = 32;
/** Of a text that is not in sight as a whole, however close. */
const longPitch = 16;
/** Few tokens stand further apart, until they are about as high as this. */
const wantedHeight = 240;
const largestHeight = 500;
const numberRoom = 46;
const margin = 4;
/** The map of a whole side at its rim, where there is more than is in sight. */
export const trackWidth = 4;

/** How high the ground of a label is. */
export function markHeight({ pitch }: Pick<LinesFrame, "pitch">): number {
  return Math.min(17, pitch);
}

export function linesFrame({
  queries,
  keys,
  width,
  offsets,
  widest,
  tallest = largestHeight,
}: LinesInput): LinesFrame {
  const count = Math.max(queries, keys);
  const wanted = Math.min(largestPitch, Math.floor(wantedHeight / Math.max(1, count)));
  const tight = Math.floor((tallest - 2 * margin) / Math.max(1, count));
  const pitch = Math.max(tight < tightPitch ? longPitch : Math.min(tight, usualPitch), wanted);
  const lines = Math.min(count, Math.max(4, Math.floor((tallest - 2 * margin) / pitch)));
  const long = count > lines;
  const track = long ? trackWidth + 4 : 0;
  const side = Math.round(Math.min(width * 0.34, widest + numberRoom + 12 + track));
  const column = (tokens: number, wish: number) => columnOf(tokens, wish, pitch, lines);
  return {
    width,
    height: lines * pitch + 2 * margin,
    pitch,
    letters: Math.max(11, Math.min(12.5, pitch - 2)),
    left: side,
    right: width - side,
    long,
    columns: { query: column(queries, offsets.query), key: column(keys, offsets.key) },
  };
}

/** A line that is not quite out of the strip is out of sight. */
const slack = 4;

function columnOf(count: number, wish: number, pitch: number, lines: number): Column {
  const most = Math.max(0, count - lines) * pitch;
  const offset = Math.max(0, Math.min(wish, most));
  const above = offset > 0 ? Math.ceil((offset - slack) / pitch) + 1 : 0;
  const rest = most - offset;
  const below = rest > 0 ? count - Math.ceil((rest - slack) / pitch) - 1 : count;
  return { count, full: count * pitch + 2 * margin, offset, above, below };
}

/** Where a token is in its column. */
export function whereIn({ above, below }: Column, token: number): "seen" | "above" | "below" {
  if (token === 0) return "seen";
  return token <= above ? "above" : token >= below ? "below" : "seen";
}

/** The tokens in sight. */
export function seenIn(column: Column): number[] {
  const seen = column.count > 0 ? [0] : [];
  for (let token = Math.max(1, column.above + 1); token < column.below; token++) seen.push(token);
  return seen;
}

/** The middle of the strip over or under what is in sight. */
export function stripMiddle({ pitch, height }: LinesFrame, edge: "above" | "below"): number {
  return edge === "above" ? margin + 1.5 * pitch : height - margin - pitch / 2;
}

/** Where a curve of a token, or of a span's middle, begins: in a strip, where that is out of sight. */
export function lineMiddle(frame: LinesFrame, side: Side, [start, stop]: Span): number {
  const column = frame.columns[side];
  const where = whereIn(column, Math.floor((start + stop - 1) / 2));
  if (where !== "seen") return stripMiddle(frame, where);
  const scrolled = start === 0 && stop === 1 ? 0 : column.offset;
  const middle = margin + ((start + stop) / 2) * frame.pitch - scrolled;
  return Math.max(margin, Math.min(frame.height - margin, middle));
}

interface Many {
  readonly queries: ArrayLike<number>;
  readonly keys: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  readonly resting: ArrayLike<number>;
}

/** The strongest curves, at most so many; and how many there would be. None of a long text: there would be a thicket of ends out of sight. */
export function faintCurves(
  frame: LinesFrame,
  lines: Many,
  tone: (weight: number) => number,
  direction: Direction,
  budget: number,
): { readonly curves: readonly Curve[]; readonly passing: number } {
  if (frame.long) return { curves: [], passing: 0 };
  const passing = lines.weights.length;
  const curves = Array.from({ length: Math.min(passing, budget) }, (_, index) => {
    const [query, key] = [lines.queries[index] as number, lines.keys[index] as number];
    return {
      from: lineMiddle(frame, "query", [query, query + 1]),
      to: lineMiddle(frame, "key", [key, key + 1]),
      tone: tone(lines.weights[index] as number),
      kind: lines.resting[index] === 1 ? ("sink" as const) : ("key" as const),
      direction,
    };
  });
  return { curves, passing };
}

export type LinesHit = { readonly side: Side } & (
  | { readonly token: number }
  /** Of a strip. */
  | { readonly edge: "above" | "below" }
  /** Of the map at the rim: a place of all tokens, 0 to 1. */
  | { readonly share: number }
);

export function linesHit(frame: LinesFrame, x: number, y: number): LinesHit | null {
  const side = sideAt(frame, x);
  if (side === null || y < 0 || y >= frame.height) return null;
  const column = frame.columns[side];
  const scrolls = column.full > frame.height;
  if (scrolls && (side === "query" ? x : frame.width - x) <= trackWidth + 2)
    return { side, share: Math.max(0, Math.min(1, (y - margin) / (frame.height - 2 * margin))) };
  const slot = Math.floor((y - margin) / frame.pitch);
  if (slot === 0 && column.count > 0) return { side, token: 0 };
  const token = Math.floor((y - margin + column.offset) / frame.pitch);
  if (token < 0 || token >= column.count) return null;
  const where = whereIn(column, token);
  return where === "seen" ? { side, token } : { side, edge: where };
}

/** Over which side a point is; null between the two. */
export function sideAt({ left, right }: LinesFrame, x: number): Side | null {
  return x < left ? "query" : x >= right ? "key" : null;
}

/** Where to scroll a side, so that a token is seen; null where it is. */
export function revealLine(frame: LinesFrame, side: Side, token: number): number | null {
  const column = frame.columns[side];
  return whereIn(column, token) === "seen" ? null : middled(frame, column, token);
}

/** The scroll of a side that has a token in the middle, by whole lines. */
function middled(frame: LinesFrame, column: Column, token: number): number {
  const lines = linesIn(frame);
  return held(frame, column, (token - Math.floor(lines / 2)) * frame.pitch);
}

function held({ height }: LinesFrame, { full }: Column, offset: number): number {
  return Math.max(0, Math.min(offset, full - height));
}

function linesIn({ height, pitch }: LinesFrame): number {
  return Math.round((height - 2 * margin) / pitch);
}

/** A place of all tokens, as the map at the rim has it -> the scroll that has it in the middle. */
export function scrollTo(frame: LinesFrame, side: Side, share: number): number {
  const column = frame.columns[side];
  return middled(frame, column, Math.min(column.count - 1, Math.floor(share * column.count)));
}

/** A screenful further, less a line. */
export function nextPage(frame: LinesFrame, side: Side, edge: "above" | "below"): number {
  const step = Math.max(1, linesIn(frame) - 4) * frame.pitch;
  const column = frame.columns[side];
  return held(frame, column, column.offset + (edge === "above" ? -step : step));
}

/** What stays in sight of what could be: scrolling for less would be for nothing. */
const enough = 0.8;

/**
 * Where to scroll a side, so that its strongest token is seen and with it as much as can be; null where nearly that much is in sight.
 * Of places that hold the same, the one nearest to `beside`, the scroll of the other side.
 */
export function strongestPlace(
  frame: LinesFrame,
  side: Side,
  tokens: readonly number[],
  weights: ArrayLike<number>,
  beside: number,
): number | null {
  const column = frame.columns[side];
  // The first token is always in sight.
  const away = tokens.filter((token) => token > 0);
  const first = away[0];
  if (first === undefined) return null;
  const weight = (token: number) => weights[token] ?? 0;
  const strongest = away.reduce((most, token) => (weight(token) > weight(most) ? token : most), first);
  const held = (found: Column) =>
    away.reduce((sum, token) => (whereIn(found, token) === "seen" ? sum + weight(token) : sum), 0);
  const lines = linesIn(frame);
  const at = (start: number) => columnOf(column.count, start * frame.pitch, frame.pitch, lines);
  const wanted = Math.round(beside / frame.pitch);
  let best = { start: -1, mass: -1 };
  for (let start = Math.max(0, strongest - lines + 1); start <= strongest; start++) {
    const found = at(start);
    if (whereIn(found, strongest) !== "seen") continue;
    const mass = held(found);
    const nearer = Math.abs(start - wanted) < Math.abs(best.start - wanted);
    if (mass > best.mass + 1e-6 || (mass > best.mass - 1e-6 && nearer)) best = { start, mass };
  }
  if (best.start < 0) return null;
  const here = whereIn(column, strongest) === "seen" ? held(column) : 0;
  return here >= enough * best.mass ? null : at(best.start).offset;
}
