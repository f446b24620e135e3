import { type Metric, readMetric } from "./metric";
import type { TextsRequest } from "./texts";

/** What silencing each head does to the answer, or hiding each token. */
export interface EffectsRequest extends TextsRequest {
  readonly part: string;
  readonly name: "heads" | "tokens";
  /** By running the model again for each of them; else all are estimated by one backward pass. */
  readonly exact?: true;
}

/** How far numbers rank things as the exact effect does: a rank correlation, its interval, and of how many it is. */
export interface Agreement {
  readonly rho: number;
  readonly low: number;
  readonly high: number;
  /** The share of the largest that both have. */
  readonly top: number;
  readonly of: number;
}

/** The answer that is asked about. */
export interface Answered {
  /** Between quotes: "' Paris' rather than ' Lyon'". */
  readonly words: string;
  /** The token after which it is; null for an answer to the whole text. */
  readonly at: number | null;
  readonly unit: string;
}

/** By layer and head; of tokens in one row, by key. Above zero the change hurts the answer. */
export interface Effects extends Metric {
  readonly exact: boolean;
  readonly answer: Answered | null;
  /** Of an estimate with the exact effects of some heads. */
  readonly agreement: Agreement | null;
}

/** The fields of an answer and its floats -> Effects. */
export function readEffects(fields: unknown, bytes: ArrayBuffer | ArrayBufferView | undefined): Effects {
  const { exact = false, answer = null, agreement = null } = (fields ?? {}) as Partial<Effects>;
  return { ...readMetric(fields, bytes), exact, answer, agreement };
}
