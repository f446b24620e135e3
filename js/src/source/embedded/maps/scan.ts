import type { Stats, Tokens } from "../../../wire/types";
import type { SquareMap } from "./vectors";

/** The numbers of a map that its heads' facts do not have: attnwidget/frames/maps/scan.py. */
export interface Scan {
  readonly peak: number;
  readonly stats: Stats;
  /** The least and the largest sum of a row. */
  readonly sums: readonly [number, number];
}

export function scan(
  { size, values }: SquareMap,
  { padding }: Tokens,
  causal: boolean,
  sinks: readonly number[],
): Scan {
  const highest = new Float32Array(size);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [rows, later] = [0, 0];
  const real = padding.reduce((count, mark) => count + (mark ? 0 : 1), 0);
  const start = Math.max(0, padding.indexOf(false));
  let seen = 0;
  let [entropy, limit, distance, previous, first, sink] = [0, 0, 0, 0, 0, 0];
  for (let query = 0; query < size; query++) {
    if (padding[query] === true) continue;
    seen++;
    let sum = 0;
    for (let key = 0; key < size; key++) {
      const weight = values[query * size + key] as number;
      sum += weight;
      if (weight > 0) entropy -= weight * Math.log(weight);
      distance += weight * Math.abs(query - key);
      // The first row of a causal map can only be 1; it says nothing about the scale.
      if (weight > (highest[key] as number) && !(causal && query === start && size > 1))
        highest[key] = weight;
    }
    [low, high] = [Math.min(low, sum), Math.max(high, sum)];
    if (sum === 0) continue; // no mean is taken over queries that read nothing
    rows++;
    limit += Math.log(causal ? seen : real);
    first += values[query * size + start] as number;
    for (const key of sinks) sink += values[query * size + key] as number;
    if (query === 0 || padding[query - 1] === true) continue;
    later++;
    previous += values[query * size + query - 1] as number;
  }
  const mean = (total: number, count = rows) => total / Math.max(1, count);
  const open = highest.filter((_, key) => !sinks.includes(key));
  return {
    peak: (open.length > 0 ? open : highest).reduce((most, weight) => Math.max(most, weight), 0),
    stats: {
      entropy: mean(entropy),
      entropy_limit: mean(limit),
      distance: mean(distance),
      previous: mean(previous, later),
      first: mean(first),
      sink: mean(sink),
    },
    sums: Number.isFinite(low) ? [low, high] : [0, 0], // of padding alone
  };
}
