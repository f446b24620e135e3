import { WireError } from "./decode";
import type { TextsRequest } from "./texts";
import type { Span } from "./types";

/** What became of one head's map from the text that is held, `against`, to this one. */
export interface CompareRequest extends TextsRequest {
  readonly against: string;
  readonly layer: number;
  readonly head: number;
  readonly part: string;
}

/** A difference over the tokens that both texts have, row by row. */
export interface Difference {
  readonly layer: number;
  readonly head: number;
  /** Where these tokens stand in the text on show, and in the one that is held. */
  readonly queries: readonly number[];
  readonly keys: readonly number[];
  readonly heldQueries: readonly number[];
  readonly heldKeys: readonly number[];
  readonly queryPieces: readonly string[];
  readonly keyPieces: readonly string[];
  /** Tokens of the text that is held, and of the one on show. */
  readonly counts: Span;
  /** The mean weight of a row that goes to tokens without a partner, in the same order. */
  readonly dropped: readonly [number, number];
  readonly changed: readonly { readonly layer: number; readonly head: number; readonly value: number }[];
  readonly recipe: string;
  readonly values: Float32Array;
}

/** The fields of a difference and its floats -> Difference. Copies, so nothing need be aligned. */
export function readDifference(
  fields: unknown,
  bytes: ArrayBuffer | ArrayBufferView | undefined,
): Difference {
  const told = fields as Omit<Difference, "values"> | undefined;
  if (told === undefined || bytes === undefined) throw new WireError("a difference without its numbers");
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  if (view.byteLength !== told.queries.length * told.keys.length * 4)
    throw new WireError(
      `a difference of ${told.queries.length} x ${told.keys.length} in ${view.byteLength} bytes`,
    );
  return { ...told, values: new Float32Array(view.slice().buffer) };
}
