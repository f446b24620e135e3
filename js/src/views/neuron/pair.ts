import { exact } from "../../lib/format";
import type { Pairs } from "./pairs";

/** One step on the way to a weight: what is done, and what comes of it. */
export interface Step {
  readonly name: "dot" | "scale" | "cap" | "bias" | "mask" | "softmax";
  /** What is done, in short. */
  readonly doing: string;
  readonly value: string;
  /** What it means, for those who ask. */
  readonly meaning: string;
}

export function isMasked({ logit }: Pairs, key: number): boolean {
  return logit[key] === Number.NEGATIVE_INFINITY;
}

/** How the weight of one key comes about, step by step. */
export function stepsOf(pairs: Pairs, key: number): readonly Step[] {
  const at = (values: Float32Array | null) => values?.[key] ?? Number.NaN;
  const { scale, softcap, capped, bias, scaled, logit } = pairs;
  const steps: Step[] = [
    {
      name: "dot",
      doing: "q·k",
      value: exact(at(pairs.dot)),
      meaning: `The sum of ${pairs.q.length} products, one for each dimension`,
    },
    {
      name: "scale",
      doing: `× ${factor(scale)}`,
      value: exact(at(scaled)),
      meaning: "The scale keeps sums over many dimensions small",
    },
  ];
  if (softcap !== null && capped !== null)
    steps.push({
      name: "cap",
      doing: `soft cap ${factor(softcap)}`,
      value: exact(at(capped)),
      meaning: "Squashed so that it stays within the cap: cap × tanh(x / cap)",
    });
  if (isMasked(pairs, key)) {
    steps.push({
      name: "mask",
      doing: "mask",
      value: "masked",
      meaning: "This query may not attend to this key, so its weight is 0",
    });
    return steps;
  }
  if (bias !== null)
    steps.push({
      name: "bias",
      doing: `${at(bias) < 0 ? "−" : "+"} bias ${exact(Math.abs(at(bias)))}`,
      value: exact(at(logit)),
      meaning: "What the model adds to the logit, mostly for the distance between the two tokens",
    });
  steps.push({
    name: "softmax",
    doing: "softmax",
    value: exact(at(pairs.weight)),
    meaning: `${softmaxOf(pairs, key)}, that is e^(logit − largest) ÷ the sum of these`,
  });
  return steps;
}

/** "e^(0.527 − 2.104) ÷ 3.331", with the largest logit taken away first, as the model does. */
export function softmaxOf({ logit, peak, total }: Pairs, key: number): string {
  if (peak === null || total === null) return "no key may be attended to";
  return `e^(${exact(logit[key] as number)} − ${peak < 0 ? `(${exact(peak)})` : exact(peak)}) ÷ ${exact(total)}`;
}

/** "q·k = 4.213 × 0.125 = 0.527 → softmax 0.311": the same in one sentence. */
export function sentenceOf(pairs: Pairs, key: number): string {
  return stepsOf(pairs, key)
    .map(({ name, doing, value }) => {
      if (name === "dot") return `q·k = ${value}`;
      if (name === "mask") return "→ masked, weight 0";
      if (name === "softmax") return `→ softmax ${value}`;
      return name === "cap" ? `→ ${doing} = ${value}` : `${doing} = ${value}`;
    })
    .join(" ");
}

/** The products of one pair, by dimension. */
export function productsOf(q: Float32Array, k: Float32Array): Float32Array {
  return q.map((number, dimension) => number * (k[dimension] as number));
}

/** The dimensions with the largest products of either sign, first the largest. */
export function strongestDimensions(products: Float32Array, count: number): readonly number[] {
  return Array.from(products.keys())
    .sort((one, other) => Math.abs(products[other] as number) - Math.abs(products[one] as number))
    .slice(0, count);
}

/** "key head 1, shared by heads 2 and 3"; null where every head has its own. */
export function groupOf({ group: [first, stop], key_head: number }: Pairs): string | null {
  if (stop - first < 2) return null;
  const heads = stop - first === 2 ? `${first} and ${first + 1}` : `${first} to ${stop - 1}`;
  return `key head ${number}, shared by heads ${heads}`;
}

/** 0.125 and 0.1768: a factor is never rounded to what it is not. */
export function factor(value: number): string {
  return String(Number(value.toPrecision(4)));
}
