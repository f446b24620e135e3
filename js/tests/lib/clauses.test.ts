import { expect, it } from "vitest";
import { changesFirst, clauses } from "../../src/lib/format";

it("leaves out what there is not to say", () => {
  expect(clauses("", "kept 1 of 25 keys", "", "fp32")).toBe("kept 1 of 25 keys · fp32");
  expect(clauses("", "")).toBe("");
});

it("says last of a recipe what is the same for every text", () => {
  const recipe =
    "softmax weights of one head, fp32 · sinks hidden, 0.467 of a row on average · rows sum to 1.000";
  expect(changesFirst(recipe)).toBe(
    "sinks hidden, 0.467 of a row on average · rows sum to 1.000 · softmax weights of one head, fp32",
  );
  expect(changesFirst("softmax weights")).toBe("softmax weights");
  expect(changesFirst("")).toBe("");
});
