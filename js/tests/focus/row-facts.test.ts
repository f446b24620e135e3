import { describe, expect, it } from "vitest";
import { rowFacts } from "../../src/focus/row-facts";
import { header } from "../frames";

const { tokens } = header;
const of = (weights: number[], change: Partial<Parameters<typeof rowFacts>[0]> = {}) =>
  rowFacts({ weights, tokens, focus: [2, 3], reads: true, causal: true, sinks: new Set([0]), ...change });

describe("what a row comes to", () => {
  it("is a sum, a spread and what rests on sinks", () => {
    const facts = of([0.5, 0.25, 0.25]);
    expect(facts).toMatchObject({ sum: 1, seen: 3, resting: 0.5 });
    expect(facts.entropy).toBeCloseTo(1.5 * Math.log(2));
    expect(facts.effective).toBeCloseTo(2 ** 1.5);
    expect(facts.limit).toBeCloseTo(Math.log(3));
    const third = Math.fround(1 / 3);
    expect(of([third, third, third]).effective).toBeCloseTo(3, 4);
  });

  it("counts only what the query sees", () => {
    expect(of([1, 0, 0], { focus: [0, 1] })).toMatchObject({ seen: 1, entropy: 0, limit: 0, effective: 1 });
    expect(of([1, 0, 0], { focus: [0, 1], causal: false }).seen).toBe(3);
    const padded = { ...tokens, padding: [false, false, true] };
    expect(of([0.5, 0.5, 0], { tokens: padded }).seen).toBe(2);
  });

  it("has no entropy where the numbers are no distribution", () => {
    expect(of([0, 0.25, 0.25]).entropy).toBeNull();
    expect(of([Number.NaN, Number.NaN, Number.NaN])).toMatchObject({
      sum: 0,
      entropy: null,
      effective: null,
    });
    const column = of([0, 0.5, 0.5], { reads: false, focus: [1, 2] });
    expect(column).toMatchObject({ sum: 1, seen: 2, entropy: null, resting: null });
  });
});
