// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeCounterfactual } from "../../dev/fake-counterfactual";
import {
  otherwiseFound,
  otherwiseOf,
  otherwiseWish,
  possibleWish,
} from "../../src/views/test/otherwise/asked";
import {
  foundInWords,
  mostRead,
  otherwiseCode,
  rowAt,
  rowInWords,
  rowOf,
} from "../../src/views/test/otherwise/words";
import { readCounterfactual } from "../../src/wire/experiments/counterfactual";
import { ok, open } from "../opened";

const pieces = ["The", " cat", " sat"];
const asks = { text: "The cat sat", part: "self", layer: 1, head: 2 } as const;
const found = (name: "another" | "away", position?: number) => {
  const { told, buffers } = fakeCounterfactual({ ...asks, name, ...(position && { position }) }, pieces);
  return readCounterfactual(told, buffers);
};

describe("a search for other attention", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("begins when somebody asks for it, and is of the head on screen", async () => {
    const { session, frames } = open();
    await vi.advanceTimersByTimeAsync(50);
    await frames()[0]?.answer({ ...ok(), reading: "r" });
    const state = otherwiseOf(session);
    expect(possibleWish(session)).toBeNull();
    state.open.value = true;
    const wish = possibleWish(session);
    expect(wish?.request).toMatchObject({ name: "another", part: "self" });
    expect(otherwiseWish(session)).toBeNull();
    state.wanted.value = wish?.key ?? null;
    expect(otherwiseWish(session)?.key).toBe(wish?.key);
    // Another question is not asked by itself, and what was found for the first is kept.
    session.memory.put("counterfactual", wish?.key ?? "", found("another"));
    state.whole.value = true;
    expect(possibleWish(session)?.request.head).toBe(-1);
    expect([otherwiseWish(session), otherwiseFound(session)]).toEqual([null, null]);
    state.whole.value = false;
    expect(otherwiseFound(session)?.distance).toBe(0.57);
    state.away.value = 1;
    expect(possibleWish(session)?.request).toMatchObject({ name: "away", position: 1 });
  });
});

describe("what was found", () => {
  it("says what is held, and what a reader would be told", () => {
    expect(foundInWords(found("another"))).toBe(
      "L1H2 could attend like this, and the model says the same of ' Miro': divergence 0.5700 of at most 0.6600 nats.",
    );
    expect(foundInWords(found("away", 1))).toBe(
      "L1H2 could show “␣cat” with 0.0200 in place of 1.0000, and the model says the same of ' Miro'.",
    );
    expect(foundInWords({ ...found("another"), held: false })).toContain("No other pattern of L1H2");
  });

  it("has the row of the query, where the answer rests on it", () => {
    const one = found("another");
    expect([rowOf(one, 2), rowOf(one, 1)]).toEqual([2, 2]);
    expect([...rowAt(one, one.own, 2)]).toEqual([0, 0, 1]);
    expect([...rowAt(one, one.found, 2)]).toEqual([1, 0, 0]);
  });

  it("is found again by Python", () => {
    const asked = { answer: " Miro", rather: " Koda", at: 5 };
    expect(otherwiseCode(found("away", 1), "encoder", asked)).toContain(
      'aw.deceptive_attention(ex.model, ex.trace, "L1H2", away_from=1, epsilon=0.05, steps=150, answer=(" Miro", " Koda"), at=5, part="encoder")',
    );
    expect(otherwiseCode(found("another"), null, { answer: null, rather: null, at: null })).toContain(
      'aw.adversarial_attention(ex.model, ex.trace, "L1H2", epsilon=0.05, steps=150)',
    );
  });

  it("is refused with patterns of another size", () => {
    const { told, buffers } = fakeCounterfactual({ ...asks, name: "another" }, pieces);
    expect(() => readCounterfactual({ ...told, sizes: [3, 4] }, buffers)).toThrow("instead of 48");
    expect(() => readCounterfactual(told, [])).toThrow("without its patterns");
  });
});

describe("a row of one of the two patterns", () => {
  it("says what it reads most", () => {
    const weights = Float32Array.of(0.1, 0.7, 0.2);
    expect(mostRead(pieces, weights)).toBe(1);
    expect(rowInWords("found", "the row of #2", pieces, weights)).toBe(
      "found, the row of #2: most on cat 0.700, sat 0.200, The 0.100",
    );
  });
});
