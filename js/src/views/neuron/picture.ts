import { type Pixels, putColour } from "../../drawing/pixels";
import type { PairCell } from "../../focus/pointer";
import { type Palette, type Ramp, signedTone } from "../../lib/colour";
import { exact, shortLabel, weight } from "../../lib/format";
import { oneForEach } from "../../lib/one-for-each";
import type { NeuronPicture, NeuronRow } from "./paint";
import { isMasked, productsOf } from "./pair";
import type { Pairs } from "./pairs";
import type { NeuronScene } from "./scene";

/** One query's pairs as they are on show. */
export interface Shown {
  readonly pairs: Pairs;
  /** Keys as they stand. */
  readonly order: readonly number[];
  /** The pair that is opened. */
  readonly key: number;
  readonly cell: PairCell | null;
  /** The key that was kept open, if any. */
  readonly kept: number | null;
  /** The weight whose bar has its full length. */
  readonly full: number;
}

const longestLabel = 13;

export function neuronPicture(
  { pairs, order, key, full }: Shown,
  scene: NeuronScene,
  colours: Palette,
): NeuronPicture {
  return {
    query: shortLabel(pairs.piece, longestLabel),
    q: pairs.q,
    beside: `${pairs.q.length} dimensions, length ${exact(lengthOf(pairs.q))}`,
    titles,
    ...standing(pairs, order, full, scene, colours.signed),
    strong: colours.reads.strong,
    open: order.indexOf(key),
  };
}

/** What does not follow the pointer. */
type Standing = Pick<NeuronPicture, "rows" | "pixels">;

interface Made {
  readonly order: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly full: number;
  readonly ramp: Ramp;
  readonly value: Standing;
}

const made = new WeakMap<Pairs, Made>();

/** The rows in sight: made once, until others are, or in other colours. */
function standing(
  pairs: Pairs,
  order: readonly number[],
  full: number,
  { seen: [from, to] }: NeuronScene,
  ramp: Ramp,
) {
  const known = made.get(pairs);
  const same = known?.from === from && known.to === to && known.full === full;
  if (same && known.order === order && known.ramp === ramp) return known.value;
  const value = rowsOf(pairs, order.slice(from, to), full, ramp);
  made.set(pairs, { order, from, to, full, ramp, value });
  return value;
}

function rowsOf(pairs: Pairs, keys: readonly number[], full: number, ramp: Ramp): Standing {
  const rows = keys.map((key) => rowOf(pairs, key, full));
  const peaks = peaksOf(pairs);
  const pixels = (vectors: readonly ArrayLike<number>[], peak: number) =>
    signedPixels(vectors, pairs.q.length, peak, ramp);
  const products = rows.map(({ k }) => (k === null ? [] : productsOf(pairs.q, k)));
  return {
    rows,
    pixels: {
      q: pixels([pairs.q], peaks.q),
      keys: pixels(
        rows.map(({ k }) => k ?? []),
        peaks.k,
      ),
      products: pixels(products, peaks.product),
    },
  };
}

/** Vectors as pixels, one row each; zero is the ground. */
export function signedPixels(
  vectors: readonly ArrayLike<number>[],
  dimensions: number,
  peak: number,
  ramp: Ramp,
): Pixels {
  const data = new Uint8ClampedArray(vectors.length * dimensions * 4);
  for (const [row, vector] of vectors.entries()) {
    for (let at = 0; at < dimensions; at++)
      putColour(data, row * dimensions + at, ramp, signedTone(vector[at] ?? 0, peak));
  }
  return { width: dimensions, height: vectors.length, data };
}

const titles = { dot: "q·k", scaled: "scaled", logit: "logit", weight: "weight" } as const;

function rowOf(pairs: Pairs, key: number, full: number): NeuronRow {
  const k = pairs.vectors.get(key) ?? null;
  const masked = isMasked(pairs, key);
  const value = pairs.weight[key] ?? 0;
  return {
    key,
    label: shortLabel(pairs.pieces[key], longestLabel),
    k,
    numbers: {
      dot: short(pairs.dot[key] ?? Number.NaN),
      scaled: short(pairs.scaled[key] ?? Number.NaN),
      logit: masked ? "" : short(pairs.logit[key] ?? Number.NaN),
      weight: masked ? "masked" : weight(value),
    },
    bar: full > 0 ? Math.min(1, value / full) : 0,
    masked,
  };
}

/** In a column: two decimals, fewer of a large one. */
function short(value: number): string {
  const size = Math.abs(value);
  return exact(value).startsWith("–") ? "–" : `${value < 0 ? "−" : ""}${size.toFixed(size < 100 ? 2 : 1)}`;
}

/** The largest number of each, without its sign. */
interface Peaks {
  readonly q: number;
  readonly k: number;
  readonly product: number;
}

/** Of everything that is known of a query: the colours of one row can be held against those of another. */
const peaksOf = oneForEach((pairs: Pairs): Peaks => {
  const peaks = { q: peakOf(pairs.q), k: 0, product: 0 };
  for (const k of pairs.vectors.values()) {
    peaks.k = Math.max(peaks.k, peakOf(k));
    peaks.product = Math.max(peaks.product, peakOf(productsOf(pairs.q, k)));
  }
  return peaks;
});

function peakOf(vector: Float32Array): number {
  return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

export function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}
