import type { Span, Tokens } from "../wire/types";

/** What the numbers of one row, or one column, come to. */
export interface RowFacts {
  readonly sum: number;
  /** How many there can be: keys that the query sees, queries that see the key. */
  readonly seen: number;
  /** In nats; null where the weights are no distribution. */
  readonly entropy: number | null;
  /** What an even spread over all that is seen would have. */
  readonly limit: number;
  /** On how many keys an even spread would have this entropy. */
  readonly effective: number | null;
  /** What is on sinks; null where none were found. */
  readonly resting: number | null;
}

export interface RowInput {
  readonly weights: ArrayLike<number>;
  readonly tokens: Tokens;
  readonly focus: Span;
  readonly reads: boolean;
  readonly causal: boolean;
  readonly sinks: ReadonlySet<number>;
}

/** Rounded numbers never come to one exactly. */
const nearOne = 0.005;

export function rowFacts({ weights, tokens, focus, reads, causal, sinks }: RowInput): RowFacts {
  let sum = 0;
  let seen = 0;
  let spread = 0;
  let resting = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] as number;
    const visible = !causal || (reads ? token < focus[1] : token >= focus[0]);
    if (visible && tokens.padding[token] !== true) seen++;
    if (!(weight > 0)) continue;
    sum += weight;
    spread -= weight * Math.log(weight);
    if (sinks.has(token)) resting += weight;
  }
  const even = reads && Math.abs(sum - 1) <= nearOne;
  // Of weights that come to a sum near one: as if they came to one.
  const entropy = even ? Math.max(0, spread / sum + Math.log(sum)) : null;
  return {
    sum,
    seen,
    entropy,
    limit: Math.log(Math.max(1, seen)),
    effective: entropy === null ? null : Math.exp(entropy),
    resting: reads && sinks.size > 0 ? resting : null,
  };
}
