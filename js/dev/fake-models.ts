import type { About, Path, Predicted, Sight } from "../src/wire/types";

export interface FakeModel {
  readonly name: string;
  readonly kind: About["model"]["kind"];
  readonly layers: number;
  readonly heads: number;
  readonly teaching: boolean;
  readonly predicts: Predicted | null;
  /** Every how-many-eth layer has attention; all of them when not said. */
  readonly every?: number;
  readonly path?: Path;
  readonly part?: string;
  /** What can be seen on any text. */
  readonly sights?: readonly Sight[];
}

export const models: Readonly<Record<string, FakeModel>> = {
  causal: {
    name: "tiny-causal",
    kind: "decoder",
    layers: 4,
    heads: 4,
    teaching: true,
    predicts: "next token",
  },
  encoder: {
    name: "all-MiniLM-L6-v2",
    kind: "encoder",
    layers: 6,
    heads: 12,
    teaching: false,
    predicts: null,
  },
  bert: {
    name: "bert-base-uncased",
    kind: "encoder",
    layers: 12,
    heads: 12,
    teaching: false,
    predicts: "this token",
  },
  gpt2: { name: "gpt2", kind: "decoder", layers: 12, heads: 12, teaching: false, predicts: "next token" },
  llama: {
    name: "llama-7b",
    kind: "decoder",
    layers: 32,
    heads: 32,
    teaching: false,
    predicts: "next token",
  },
  hybrid: {
    name: "tiny-hybrid",
    kind: "decoder",
    layers: 6,
    heads: 4,
    teaching: false,
    predicts: "next token",
    every: 3,
  },
  jamba: {
    name: "jamba-mini",
    kind: "decoder",
    layers: 32,
    heads: 32,
    teaching: false,
    predicts: "next token",
    every: 8,
  },
  t5: {
    name: "t5-small",
    kind: "encoder-decoder",
    layers: 6,
    heads: 8,
    teaching: false,
    predicts: null,
    part: "encoder",
  },
  bloom: {
    name: "bloom-560m",
    kind: "decoder",
    layers: 24,
    heads: 16,
    teaching: false,
    predicts: "next token",
    path: "eager",
  },
  class: { name: "bert-sst2", kind: "encoder", layers: 4, heads: 4, teaching: false, predicts: "class" },
  label: { name: "bert-ner", kind: "encoder", layers: 4, heads: 4, teaching: false, predicts: "label" },
  answer: { name: "bert-qa", kind: "encoder", layers: 4, heads: 4, teaching: false, predicts: "answer span" },
  seen: {
    name: "their-own",
    kind: "decoder",
    layers: 2,
    heads: 4,
    teaching: false,
    predicts: "next token",
    sights: [
      { layer: 0, head: 3, query: [2, 3], pattern: "previous token", score: 0.9 },
      { layer: 1, head: 1, query: [1, 2], pattern: "next token", score: 0.7 },
    ],
  },
  two: { name: "tiny-two", kind: "encoder", layers: 2, heads: 4, teaching: true, predicts: "this token" },
};
