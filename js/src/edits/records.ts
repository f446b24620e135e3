/** A layer and one of its heads, or all of them; negative numbers count from the end. */
export type Heads = readonly [layer: number, head: number | null];

export const patterns = ["uniform", "identity", "previous", "shuffled"] as const;
export type Pattern = (typeof patterns)[number];

interface OfPart {
  /** Null where the model has one part. */
  readonly part: string | null;
}

/** No other query reads these tokens any more, from the query `start` on. */
export interface Hide extends OfPart {
  readonly kind: "hide";
  readonly tokens: readonly number[];
  readonly start: number;
}

/** A head's output becomes zero, or its mean over the text. */
export interface Silence extends OfPart {
  readonly kind: "silence";
  readonly layer: number;
  readonly head: number | null;
  readonly by: "zero" | "mean";
}

/** These queries no longer read these keys; null: no query does. Without heads, in all of them. */
export interface Cut extends OfPart {
  readonly kind: "cut";
  readonly queries: readonly number[] | null;
  readonly keys: readonly number[];
  readonly heads: readonly Heads[];
  readonly renormalise: boolean;
}

/** A head attends by another pattern. */
export interface Paint extends OfPart {
  readonly kind: "paint";
  readonly layer: number;
  readonly head: number | null;
  readonly pattern: Pattern;
  readonly seed: number;
}

/** What is changed in a forward pass, as attnwidget/engine/edits/records.py has it. Tokens are counted from 0. */
export type Edit = Hide | Silence | Cut | Paint;

/** Numbers in order, each once. */
export function inOrder(numbers: Iterable<number>): readonly number[] {
  return [...new Set(numbers)].sort((one, other) => one - other);
}

/** L5H3, or L5 for all heads of a layer. */
export function nameOf(layer: number, head: number | null): string {
  return head === null ? `L${layer}` : `L${layer}H${head}`;
}
