import type { TimePlace } from "../../wire/types";

/** Where in time a row has its weight. */
export interface RowTimes {
  /** The shortest stretch that holds so much of what the row has in the sound, without sinks. */
  readonly most: TimePlace;
  readonly share: number;
  /** The mean of the time, by weight, without sinks. */
  readonly expectation: number;
  /** What is left out of both: how much of the row lies on sinks. */
  readonly resting: number;
}

/** How much of the row the stretch holds at least. */
export const mostOf = 0.7;

/** Weights of tokens in time -> where most of them lie; null where there are none. */
export function rowTimes(
  weights: ArrayLike<number>,
  times: readonly (TimePlace | null)[],
  sinks: ReadonlySet<number>,
): RowTimes | null {
  const rests = [...sinks].reduce(
    (sum, token) => sum + (times[token] == null ? 0 : (weights[token] ?? 0)),
    0,
  );
  const placed = [...times.keys()].filter(
    (token) => times[token] != null && !sinks.has(token) && (weights[token] ?? 0) > 0,
  );
  placed.sort((one, other) => (times[one] as TimePlace)[0] - (times[other] as TimePlace)[0]);
  const total = placed.reduce((sum, token) => sum + (weights[token] as number), 0);
  if (!(total > 0)) return null;
  let moment = 0;
  let best: TimePlace | null = null;
  let held = 0;
  let [first, sum] = [0, 0];
  for (const token of placed) {
    const [start, stop] = times[token] as TimePlace;
    const weight = weights[token] as number;
    moment += (weight * (start + stop)) / 2;
    sum += weight;
    // Rounding must not ask for one token more.
    const wanted = mostOf * total * (1 - 1e-6);
    while (first < placed.length && sum - (weights[placed[first] as number] as number) >= wanted)
      sum -= weights[placed[first++] as number] as number;
    if (sum < wanted) continue;
    const from = (times[placed[first] as number] as TimePlace)[0];
    if (best !== null && stop - from >= best[1] - best[0]) continue;
    best = [from, stop];
    held = sum / total;
  }
  if (best === null) return null;
  return { most: best, share: held, expectation: moment / total, resting: rests };
}
