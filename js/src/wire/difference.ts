import { bytesOf, WireError } from "./decode";
import type { TextsRequest } from "./texts";
import type { Predicted, Span } from "./types";

/** What became of one head's map from the text that is held, `against`, to this one. */
export interface CompareRequest extends TextsRequest {
  readonly against: string;
  readonly layer: number;
  readonly head: number;
  readonly part: string;
}

/** What became of every head from the text that is held, `against`, to this one. */
export interface ChangesRequest extends TextsRequest {
  readonly against: string;
  readonly part: string;
}

/** What the model expects at a token of a text, and at its partner in the text that is held, `against`. */
export interface ExpectedRequest extends TextsRequest {
  readonly against: string;
  /** The edits under which that text is read, where they are others: `[]` for the same text before its edits. */
  readonly against_edits?: readonly string[];
  readonly part: string;
  readonly position: number;
}

/** The candidates of both texts, with their probabilities in each; null where it is not known. */
export interface Expected {
  readonly kind: Predicted;
  /** In the text on show, and in the one that is held; null of what is predicted of a whole text. */
  readonly position: number | null;
  readonly held?: number | null;
  /** Absent where the token has no partner. */
  readonly rows?: readonly {
    readonly piece: string;
    readonly before: number | null;
    readonly after: number | null;
  }[];
}

/** A stretch of the held text, and what the one on show has in its place; tokens, half-open, and whole words. */
export interface Replacement {
  readonly first: Span;
  readonly second: Span;
  readonly before: string;
  readonly after: string;
}

/** A difference over the tokens that have a partner in the other text, row by row. */
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
  /** The same of the held text: where they differ, a token stands in the place of another. */
  readonly heldQueryPieces: readonly string[];
  readonly heldKeyPieces: readonly string[];
  readonly replaced: readonly Replacement[];
  /** Tokens of the text that is held, and of the one on show. */
  readonly counts: Span;
  /** The mean weight of a row that goes to tokens without a partner, in the same order. */
  readonly dropped: readonly [number, number];
  readonly recipe: string;
  readonly values: Float32Array;
}

/** The fields of a difference and its floats -> Difference. Copies, so nothing need be aligned. */
export function readDifference(
  fields: unknown,
  [values]: readonly (ArrayBuffer | ArrayBufferView)[],
): Difference {
  const told = fields as Omit<Difference, "values"> | undefined;
  if (told === undefined) throw new WireError("a difference without its numbers");
  return { ...told, values: floats(values, [told.queries.length, told.keys.length]) };
}

function floats(source: ArrayBuffer | ArrayBufferView | undefined, [rows, columns]: Span): Float32Array {
  if (source === undefined) throw new WireError("a difference without its numbers");
  const bytes = bytesOf(source);
  if (bytes.byteLength !== rows * columns * 4)
    throw new WireError(`a difference of ${rows} x ${columns} in ${bytes.byteLength} bytes`);
  return new Float32Array(bytes);
}
