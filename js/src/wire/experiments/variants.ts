import { WireError } from "../decode";
import type { TextsRequest } from "../texts";

/** One prompt put in several ways: the text on screen, and those that are kept. */
export interface VariantsRequest extends TextsRequest {
  readonly texts: readonly string[];
  /** A phrase that ought to be read. */
  readonly name?: string;
}

/** One way of putting it. */
export interface Variant {
  readonly text: string;
  /** The probability of what is asked about, at its end. */
  readonly answer: number;
  /** What the model says there. */
  readonly said: { readonly piece: string; readonly probability: number };
  /** What is read most there. */
  readonly read: readonly { readonly token: number; readonly piece: string; readonly weight: number }[];
  /** The head that reads the phrase most; null where none is named, or this text lacks it. */
  readonly fact: { readonly layer: number; readonly head: number; readonly weight: number } | null;
}

/** One that cannot be read, and why. */
export interface Unread {
  readonly text: string;
  readonly problem: string;
}

export interface Variants {
  readonly answer: string;
  /** How many rows there will be. */
  readonly total: number;
  /** The edits that hold in all of them. */
  readonly edits: readonly string[];
  /** The text on screen first. */
  readonly rows: readonly (Variant | Unread)[];
}

export function readVariants(told: unknown): Variants {
  const { rows } = (told ?? {}) as Partial<Variants>;
  if (!Array.isArray(rows)) throw new WireError("ways of putting a text without their rows");
  return told as Variants;
}
