import type { Variants } from "../src/wire/experiments/variants";

/** Longer texts are likelier to lead to the answer. */
export function fakeVariants(texts: readonly string[]): Variants {
  return {
    answer: "' Paris'",
    total: texts.length,
    edits: [],
    rows: texts.map((text) => ({
      text,
      answer: 1 - 1 / (1 + text.length / 20),
      said: { piece: " Paris", probability: 0.75 },
      read: [{ token: 1, piece: " France", weight: 0.25 }],
      fact: null,
    })),
  };
}
