import { bytesOf, WireError } from "./decode";
import type { Predicted, Span, TextsRequest } from "./types";

/** What each layer would say after some tokens: those that the predictions are made after. */
export interface LensRequest extends TextsRequest {
  readonly part: string;
  readonly rows: Span;
  /** Of a text that may be several tokens, the one that is likelier after this token is meant. */
  readonly position?: number;
}

export interface Lens {
  readonly rows: Span;
  /** How many tokens there are. */
  readonly total: number;
  readonly layers: number;
  /** How many of the likeliest are told of each cell. */
  readonly top: number;
  /** The tokens in `rows`. */
  readonly pieces: readonly string[];
  /** Tokens of the vocabulary, as the numbers below name them. */
  readonly words: readonly string[];
  /** What is asked about, or else what the model says in the end after each token. */
  readonly answers: readonly number[];
  readonly asked: boolean;
  readonly predicts: Predicted;
  readonly recipe: string;
  /** By layer, token and rank: the likeliest, and their probabilities. */
  readonly best: Uint32Array;
  readonly probabilities: Float32Array;
  /** By layer and token: the probability of the answer, and its rank from 1. */
  readonly values: Float32Array;
  readonly ranks: Uint32Array;
}

/** What each part of the model adds to the logit of what is said after one token. */
export interface DirectRequest extends TextsRequest {
  readonly part: string;
  readonly position: number;
}

export interface Direct {
  readonly position: number;
  /** One, or two: the first rather than the second. */
  readonly answers: readonly string[];
  readonly layers: number;
  /** Of the layer that has most. */
  readonly heads: number;
  readonly logit: number;
  /** What is no head's: with the heads it sums to the logit. */
  readonly rest: readonly { readonly name: string; readonly value: number }[];
  readonly recipe: string;
  /** By layer: attention, then MLP. */
  readonly parts: Float32Array;
  /** By layer and head; not a number where there is none. */
  readonly byHead: Float32Array;
}

type Buffers = readonly (ArrayBuffer | ArrayBufferView)[];

/** The fields of an answer and its numbers -> Lens. Copies, so nothing need be aligned. */
export function readLens(fields: unknown, buffers: Buffers): Lens {
  const told = fields as Omit<Lens, "best" | "probabilities" | "values" | "ranks"> | undefined;
  const [best, probabilities, values, ranks] = buffers.map(bytesOf);
  if (told === undefined || !best || !probabilities || !values || !ranks)
    throw new WireError("a lens without its numbers");
  const lens = {
    ...told,
    best: new Uint32Array(best),
    probabilities: new Float32Array(probabilities),
    values: new Float32Array(values),
    ranks: new Uint32Array(ranks),
  };
  const cells = told.layers * told.pieces.length;
  const sizes = [lens.best.length / told.top, lens.probabilities.length / told.top, lens.values.length];
  if ([...sizes, lens.ranks.length].some((size) => size !== cells))
    throw new WireError("a lens whose size does not match its header");
  return lens;
}

/** The fields of an answer and its numbers -> Direct. */
export function readDirect(fields: unknown, buffers: Buffers): Direct {
  const told = fields as Omit<Direct, "parts" | "byHead"> | undefined;
  const [parts, byHead] = buffers.map(bytesOf);
  if (told === undefined || !parts || !byHead) throw new WireError("direct effects without their numbers");
  const direct = { ...told, parts: new Float32Array(parts), byHead: new Float32Array(byHead) };
  if (direct.parts.length !== 2 * told.layers || direct.byHead.length !== told.layers * told.heads)
    throw new WireError("direct effects whose size does not match their header");
  return direct;
}
