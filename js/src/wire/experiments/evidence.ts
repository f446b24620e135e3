import { bytesOf, WireError } from "../decode";
import type { Agreement, Answered } from "../effects";
import type { TextsRequest } from "../texts";

/** What methods say of each word, beside what hiding it does to the answer. */
export interface EvidenceRequest extends TextsRequest {
  readonly part: string;
}

/** Why a place is not compared; "" for one that is plain text. */
export type PlaceKind = "" | "special" | "template" | "sink" | "after";

/** A word, or a token. */
export interface EvidencePlace {
  /** The first of its tokens, and how many they are. */
  readonly token: number;
  readonly count: number;
  readonly piece: string;
  readonly kind: PlaceKind;
}

export interface EvidenceMethod {
  readonly name: string;
  readonly title: string;
  readonly does: string;
  readonly unit: string;
  /** What a query reads, what the answer rests on, or what is known to say nothing. */
  readonly ramp: "reads" | "effect" | "null";
  /** Whether all its numbers are there. */
  readonly done: boolean;
  /** Why there are none. */
  readonly why: string | null;
  readonly recipe: string;
  /** With the exact effect; null for that itself, and where it cannot be said. */
  readonly agreement: Agreement | null;
  /** By place; not a number where it is not known. */
  readonly values: Float32Array;
}

/** The answer while the words that count most are hidden, one after the other, by each method. */
export interface Curves {
  /** How many words are hidden. */
  readonly counts: readonly number[];
  readonly unit: string;
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Words in random order. */
  readonly random: {
    readonly mean: readonly number[];
    readonly low: readonly number[];
    readonly high: readonly number[];
  };
}

export interface Evidence {
  readonly answer: Answered;
  readonly places: readonly EvidencePlace[];
  readonly methods: readonly EvidenceMethod[];
  /** How many places are compared. */
  readonly compared: number;
  /** What is not, in words. */
  readonly left_out: string;
  /** What this says. */
  readonly sentence: string | null;
  readonly curves: Curves | null;
}

/** The fields of an answer and its floats, methods x places -> Evidence. Copies, so nothing need be aligned. */
export function readEvidence(fields: unknown, bytes: ArrayBuffer | ArrayBufferView | undefined): Evidence {
  const told = fields as Evidence | undefined;
  if (told === undefined || bytes === undefined) throw new WireError("evidence without its numbers");
  const { methods, places } = told;
  const numbers = bytesOf(bytes);
  if (numbers.byteLength !== methods.length * places.length * 4)
    throw new WireError(
      `evidence of ${methods.length} methods, ${places.length} places in ${numbers.byteLength} bytes`,
    );
  const values = new Float32Array(numbers);
  return {
    ...told,
    methods: methods.map((method, row) => ({
      ...method,
      values: values.subarray(row * places.length, (row + 1) * places.length),
    })),
  };
}
