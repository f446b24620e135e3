import type { PatchPlace } from "../../../wire/types";

/** How much of a row goes where; of a row that sums to one, they do as well. */
export interface Shares {
  readonly pictures: number;
  readonly text: number;
  readonly sinks: number;
}

/** Weights of a row -> what of it is read in pictures, in the text, and in sinks of either. */
export function sharesOf(
  weights: ArrayLike<number>,
  places: readonly (PatchPlace | null)[],
  sinks: ReadonlySet<number>,
): Shares {
  let [pictures, text, resting] = [0, 0, 0];
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] as number;
    if (sinks.has(token)) resting += weight;
    else if (places[token] != null) pictures += weight;
    else text += weight;
  }
  return { pictures, text, sinks: resting };
}
