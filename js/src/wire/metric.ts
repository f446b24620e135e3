import { bytesOf, WireError } from "./decode";
import type { Span, TextsRequest } from "./types";

export interface MetricChoice {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly meaning: string;
  /** The name of each head's pattern, how much it has of one pattern, or a measure. */
  readonly group: "name" | "pattern" | "measure";
  /** The largest number that there can be, null where there is no such bound. */
  readonly top: number | null;
}

/** One number of every head. */
export interface MetricRequest extends TextsRequest {
  readonly part: string;
  readonly name: string;
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** The least and the largest of the numbers. */
  readonly low: number;
  readonly high: number;
  readonly recipe: string;
  readonly layers: number;
  readonly heads: number;
  /** The layers that are measured, and all that attend; absent, or noughts, where they are measured together. */
  readonly measured?: Span;
  /** Of each layer the patterns of its heads, by name; null where numbers were asked for. */
  readonly labels: readonly (readonly string[])[] | null;
  /** By layer and head; not a number where there is no head, or nothing can be said of it. */
  readonly values: Float32Array;
}

/** The heads that read most like one. */
export interface SimilarRequest extends TextsRequest {
  readonly part: string;
  readonly layer: number;
  readonly head: number;
  readonly count: number;
}

export interface Similar {
  readonly layer: number;
  readonly head: number;
  readonly nearest: readonly { readonly layer: number; readonly head: number; readonly distance: number }[];
  readonly recipe: string;
}

/** Names of patterns as they are now, whatever a stored page or another kernel calls them. */
export function presentNames(labels: Metric["labels"]): Metric["labels"] {
  const named = (label: string) => (label === "heterogeneous" ? "no single pattern" : label);
  return labels?.map((row) => row.map(named)) ?? null;
}

/** The fields of a metric's answer and its floats -> Metric. Copies, so nothing need be aligned. */
export function readMetric(fields: unknown, bytes: ArrayBuffer | ArrayBufferView | undefined): Metric {
  const told = fields as Omit<Metric, "values"> | undefined;
  if (told === undefined || bytes === undefined) throw new WireError("a metric without its numbers");
  const numbers = bytesOf(bytes);
  const { layers, heads, labels } = told;
  if (!(layers * heads >= 0) || numbers.byteLength !== layers * heads * 4)
    throw new WireError(`a metric of ${layers} x ${heads} heads in ${numbers.byteLength} bytes`);
  if (labels !== null && (labels.length !== layers || labels.some((row) => row.length !== heads)))
    throw new WireError("a metric's names do not match its heads");
  return {
    ...told,
    labels: presentNames(labels),
    values: new Float32Array(numbers),
  };
}
