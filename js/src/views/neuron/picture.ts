import type { PairCell } from "../../focus/pointer";
import type { Palette } from "../../lib/colour";
import { exact, shortLabel, weight } from "../../lib/format";
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
}

const longestLabel = 13;

export function neuronPicture(
  { pairs, order, key }: Shown,
  scene: NeuronScene,
  colours: Palette,
): NeuronPicture {
  const largest = pairs.weight.reduce((most, value) => Math.max(most, value), 0);
  const [from, to] = scene.seen;
  return {
    query: shortLabel(pairs.piece, longestLabel),
    q: pairs.q,
    beside: `${pairs.q.length} dimensions, length ${exact(lengthOf(pairs.q))}`,
    titles,
    rows: order.slice(from, to).map((own) => rowOf(pairs, own, largest)),
    peaks: peaksOf(pairs),
    strong: colours.reads.strong,
    open: order.indexOf(key),
  };
}

const titles = { dot: "q·k", scaled: "scaled", logit: "logit", weight: "weight" } as const;

function rowOf(pairs: Pairs, key: number, largest: number): NeuronRow {
  const k = pairs.vectors.get(key) ?? null;
  const masked = isMasked(pairs, key);
  const value = pairs.weight[key] ?? 0;
  return {
    key,
    label: shortLabel(pairs.pieces[key], longestLabel),
    k,
    products: k === null ? null : productsOf(pairs.q, k),
    numbers: {
      dot: short(pairs.dot[key] ?? Number.NaN),
      scaled: short(pairs.scaled[key] ?? Number.NaN),
      logit: masked ? "" : short(pairs.logit[key] ?? Number.NaN),
      weight: masked ? "masked" : weight(value),
    },
    bar: largest > 0 ? value / largest : 0,
    masked,
  };
}

/** In a column: two decimals, fewer of a large one. */
function short(value: number): string {
  const size = Math.abs(value);
  return exact(value).startsWith("–") ? "–" : `${value < 0 ? "−" : ""}${size.toFixed(size < 100 ? 2 : 1)}`;
}

const scales = new WeakMap<Pairs, NeuronPicture["peaks"]>();

/** Of everything that is known of a query: the colours of one row can be held against those of another. */
function peaksOf(pairs: Pairs): NeuronPicture["peaks"] {
  const known = scales.get(pairs);
  if (known !== undefined) return known;
  const peaks = { q: peakOf(pairs.q), k: 0, product: 0 };
  for (const k of pairs.vectors.values()) {
    peaks.k = Math.max(peaks.k, peakOf(k));
    peaks.product = Math.max(peaks.product, peakOf(productsOf(pairs.q, k)));
  }
  scales.set(pairs, peaks);
  return peaks;
}

function peakOf(vector: Float32Array): number {
  return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

export function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}
