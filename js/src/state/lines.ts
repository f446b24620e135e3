import type { Direction } from "../wire/types";
import { type MapOnShow, weightAt } from "./maps";

/** Which lines of a row are drawn: the fewest that hold 70 % of it, the five strongest, or every one that could be seen. */
export type Keep = "mass" | "top" | "all";

export const share = 0.7;
const listed = 5;
const faintest = 0.001;
const faintestSink = 0.01;

/** What is kept of one row, or column. Sinks are told apart: they would be most of every row. */
export interface Kept {
  /** Strongest first. */
  readonly tokens: readonly number[];
  readonly sinks: readonly number[];
  readonly dropped: number;
  readonly resting: number;
  readonly peak: number;
}

export function keepOf(weights: Float32Array, sinks: ReadonlySet<number>, keep: Keep): Kept {
  const open: number[] = [];
  let total = 0;
  let resting = 0;
  weights.forEach((weight, token) => {
    if (!(weight > 0)) return;
    if (sinks.has(token)) {
      resting += weight;
      return;
    }
    open.push(token);
    total += weight;
  });
  open.sort((one, other) => (weights[other] as number) - (weights[one] as number));
  const tokens = open.slice(0, lengthOf(weights, open, total, keep));
  const held = tokens.reduce((sum, token) => sum + (weights[token] as number), 0);
  const drawn = [...sinks].filter((token) => (weights[token] ?? 0) >= faintestSink);
  const peak = weights[tokens[0] ?? -1] ?? Math.max(0, ...drawn.map((token) => weights[token] ?? 0));
  return { tokens, sinks: drawn, dropped: Math.max(0, total - held), resting, peak };
}

function lengthOf(weights: Float32Array, order: readonly number[], total: number, keep: Keep): number {
  if (keep === "top") return listed;
  let held = 0;
  const enough = order.findIndex((token) => {
    const weight = weights[token] as number;
    if (keep === "all") return weight < faintest;
    held += weight;
    // A hair less, as sums of rounded numbers may never get there.
    return held >= share * total - 1e-6;
  });
  if (enough === -1) return order.length;
  return keep === "all" ? enough : enough + 1;
}

/** Many lines, strongest first, without an object for each. */
export interface Lines {
  readonly queries: Uint32Array;
  readonly keys: Uint32Array;
  readonly weights: Float32Array;
  /** 1 where the line ends in a sink. */
  readonly resting: Uint8Array;
}

/** The lines that are kept of every row of a map, or of every column; none where cells are not single tokens. */
export function linesOf(map: MapOnShow, keep: Keep): Lines {
  const found: [query: number, key: number, weight: number, resting: 0 | 1][] = [];
  if (map.pooling === 1) {
    const count = map.direction === "reads" ? map.queries : map.keys;
    for (let token = 0; token < count; token++) {
      const weights = vectorOf(map, token);
      const { tokens, sinks } = keepOf(weights, sinksOf(map, map.direction), keep);
      const put = (other: number, resting: 0 | 1) => {
        const [query, key] = map.direction === "reads" ? [token, other] : [other, token];
        found.push([query, key, weights[other] as number, resting]);
      };
      for (const other of tokens) put(other, 0);
      for (const other of sinks) put(other, 1);
    }
  }
  found.sort((one, other) => other[2] - one[2]);
  return {
    queries: Uint32Array.from(found, ([query]) => query),
    keys: Uint32Array.from(found, ([, key]) => key),
    weights: Float32Array.from(found, ([, , weight]) => weight),
    resting: Uint8Array.from(found, ([, , , resting]) => resting),
  };
}

function vectorOf(map: MapOnShow, token: number): Float32Array {
  if (map.direction === "reads") return map.values.subarray(token * map.columns, (token + 1) * map.columns);
  return Float32Array.from({ length: map.rows }, (_, query) => weightAt(map, query, token));
}

/** As in the text's heat: what reads a token never rests. */
export function sinksOf(map: MapOnShow, direction: Direction): ReadonlySet<number> {
  return direction === "reads" ? map.sinks : none;
}

const none: ReadonlySet<number> = new Set();
