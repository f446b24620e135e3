import type { Direction, Span } from "../../wire/types";

export interface LinesInput {
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly offset: number;
  /** The widest label, in pixels. */
  readonly widest: number;
  /** How high it may be before it scrolls: less than a screen, when not said. */
  readonly tallest?: number;
}

/** Queries on the left, keys on the right, one token a line. */
export interface LinesFrame {
  readonly width: number;
  readonly height: number;
  readonly full: number;
  readonly offset: number;
  readonly pitch: number;
  readonly queries: number;
  readonly keys: number;
  /** Where curves begin and end. */
  readonly left: number;
  readonly right: number;
  /** The tokens in sight: the second outside. */
  readonly seen: Span;
}

export interface Curve {
  readonly from: number;
  readonly to: number;
  /** 0 to 1, on the square-root scale. */
  readonly tone: number;
  readonly dashed: boolean;
  readonly direction: Direction;
  /** Of one of several heads; else that of the direction. */
  readonly colour?: string;
}

const smallestPitch = 20;
const largestPitch = 32;
/** Few tokens stand further apart, until they are about as high as this. */
const wantedHeight = 240;
const largestHeight = 500;
const numberRoom = 46;
const margin = 4;

export function linesFrame({
  queries,
  keys,
  width,
  offset,
  widest,
  tallest = largestHeight,
}: LinesInput): LinesFrame {
  const count = Math.max(queries, keys);
  const pitch = Math.max(
    smallestPitch,
    Math.min(largestPitch, Math.floor(wantedHeight / Math.max(1, count))),
  );
  const full = count * pitch + 2 * margin;
  const height = Math.min(full, tallest);
  const side = Math.round(Math.min(width * 0.34, widest + numberRoom + 12));
  const place = Math.max(0, Math.min(offset, full - height));
  return {
    width,
    height,
    full,
    offset: place,
    pitch,
    queries,
    keys,
    left: side,
    right: width - side,
    seen: [
      Math.max(0, Math.floor((place - margin) / pitch)),
      Math.min(count, Math.ceil((place + height - margin) / pitch)),
    ],
  };
}

/** The top of a token's line, in what is seen. */
export function lineTop({ pitch, offset }: LinesFrame, token: number): number {
  return margin + token * pitch - offset;
}

/** Where a curve of a token, or of a span's middle, begins. */
export function lineMiddle(frame: LinesFrame, [start, stop]: Span): number {
  return lineTop(frame, (start + stop) / 2);
}

interface Many {
  readonly queries: ArrayLike<number>;
  readonly keys: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  readonly resting: ArrayLike<number>;
}

/** The strongest curves that pass through what is seen, at most so many; and how many there would be. */
export function faintCurves(
  frame: LinesFrame,
  lines: Many,
  tone: (weight: number) => number,
  direction: Direction,
  budget: number,
): { readonly curves: readonly Curve[]; readonly passing: number } {
  const curves: Curve[] = [];
  const [first, last] = frame.seen;
  let passing = 0;
  for (let index = 0; index < lines.weights.length; index++) {
    const query = lines.queries[index] as number;
    const key = lines.keys[index] as number;
    // A curve between two tokens that are both out of sight says nothing.
    if ((query < first || query >= last) && (key < first || key >= last)) continue;
    passing++;
    if (curves.length >= budget) continue;
    curves.push({
      from: lineMiddle(frame, [query, query + 1]),
      to: lineMiddle(frame, [key, key + 1]),
      tone: tone(lines.weights[index] as number),
      dashed: lines.resting[index] === 1,
      direction,
    });
  }
  return { curves, passing };
}

export type LinesHit = { readonly side: "query" | "key"; readonly token: number };

export function linesHit(frame: LinesFrame, x: number, y: number): LinesHit | null {
  const token = Math.floor((y + frame.offset - margin) / frame.pitch);
  if (token < 0 || y < 0 || y >= frame.height) return null;
  if (x < frame.left) return token < frame.queries ? { side: "query", token } : null;
  return x >= frame.right && token < frame.keys ? { side: "key", token } : null;
}

/** Where to scroll, so that a token is seen; null where it is. */
export function revealLine(frame: LinesFrame, token: number): number | null {
  const top = lineTop(frame, token);
  if (top >= 0 && top + frame.pitch <= frame.height) return null;
  const wanted = token * frame.pitch - frame.height / 2;
  return Math.max(0, Math.min(wanted, frame.full - frame.height));
}
