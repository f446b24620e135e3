import { bytesOf, WireError } from "../decode";
import type { Answered } from "../effects";
import type { TextsRequest } from "../texts";

/** Other attention under which the model says the same: the most unlike its own, or away from one token. */
export interface CounterfactualRequest extends TextsRequest {
  readonly part: string;
  readonly name: "another" | "away";
  readonly layer: number;
  /** −1 for all heads of the layer. */
  readonly head: number;
  /** The token that is to receive little. */
  readonly position?: number;
}

/** Numbers of a plain run with the pattern painted. */
export interface Counterfactual {
  readonly name: CounterfactualRequest["name"];
  /** "L5H3" or "L5". */
  readonly head: string;
  readonly token: number;
  readonly answer: Answered;
  /** The divergence in nats, and what no pattern exceeds. */
  readonly distance: number;
  readonly furthest: number;
  /** Of what the model says, by total variation, and how much was allowed. */
  readonly change: number;
  readonly epsilon: number;
  readonly steps: number;
  readonly held: boolean;
  /** Of the answer. */
  readonly before: number;
  readonly after: number;
  /** What the token received before and after, over the rows that could read it. */
  readonly mass: readonly [number, number] | null;
  /** The rows on which the answer rests; the others are as they were. */
  readonly counted: readonly number[];
  /** Queries and keys. */
  readonly sizes: readonly [number, number];
  /** The keys. */
  readonly pieces: readonly string[];
  readonly recipe: string;
  /** The mean of the heads, queries x keys. */
  readonly own: Float32Array;
  readonly found: Float32Array;
}

export function readCounterfactual(
  fields: unknown,
  buffers: readonly (ArrayBuffer | ArrayBufferView)[],
): Counterfactual {
  const told = fields as Counterfactual | undefined;
  const [own, found] = buffers.map((bytes) => bytesOf(bytes));
  if (told === undefined || own === undefined || found === undefined)
    throw new WireError("other attention without its patterns");
  const size = told.sizes[0] * told.sizes[1] * 4;
  if (own.byteLength !== size || found.byteLength !== size)
    throw new WireError(`patterns of ${own.byteLength} and ${found.byteLength} bytes instead of ${size}`);
  return { ...told, own: new Float32Array(own), found: new Float32Array(found) };
}
