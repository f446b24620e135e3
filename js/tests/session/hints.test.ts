import { describe, expect, it } from "vitest";
import { exampleHint, restInWords, sightHint } from "../../src/session/hints";
import type { Example, Sight } from "../../src/wire/types";

const sights: readonly Sight[] = [
  { layer: 5, head: 3, query: [4, 5], pattern: "previous token", score: 0.9 },
  { layer: 7, head: 1, query: [6, 7], pattern: "induction", score: 0.8 },
];
const seen = { text: "the cat", sights };
const place = { text: "the cat", layer: 5, head: 3, query: [4, 5] as const };

describe("what can be seen", () => {
  it("says why the explorer opened here, and where to go next, round and round", () => {
    expect(sightHint(place, seen)).toEqual({
      sentence: "Opened at L5H3, which reads the token before (score 0.90 on this text).",
      next: sights[1],
      ofHead: false,
    });
    expect(sightHint({ ...place, layer: 7, head: 1, query: [6, 7] }, seen)).toEqual({
      sentence: "L7H1 reads what followed an earlier, equal token (score 0.80 on this text).",
      next: sights[0],
      ofHead: false,
    });
  });

  it("leads nowhere from the only head", () => {
    expect(sightHint(place, { ...seen, sights: sights.slice(0, 1) })?.next).toBeNull();
  });

  it.each([
    { ...place, text: "a dog" },
    { ...place, head: 2 },
    { ...place, query: [0, 1] as const },
  ])("says nothing of any other place", (elsewhere) => {
    expect(sightHint(elsewhere, seen)).toBeNull();
    expect(sightHint(place, null)).toBeNull();
  });
});

it("says where a head rests that rests somewhere", () => {
  const stats = { entropy: 1, entropy_limit: 2, distance: 1, previous: 0.1, sink: 0 };
  expect(restInWords({ ...stats, first: 0.468 })).toBe(
    "Over the whole text it puts 0.47 on the first token.",
  );
  expect(restInWords({ ...stats, first: 0.1 })).toBe("");
});

describe("what to look for in an example", () => {
  const here: Example = {
    title: "",
    text: "the cat",
    look: "Look.",
    head: [5, 3],
    query: [4, 5],
    view: "lines",
  };
  const anywhere: Example = { title: "", text: "the cat", look: "Look around." };
  const at = { ...place, pair: "", part: "self", view: "lines" };

  it("is said where it shows", () => {
    expect(exampleHint(at, [{ title: "", text: "a dog", look: "No." }, here])?.sentence).toBe("Look.");
    for (const other of [
      { view: "matrix" },
      { head: 2 },
      { layer: 1 },
      { query: [0, 1] as const },
      { text: "a" },
    ])
      expect(exampleHint({ ...at, ...other }, [here])).toBeNull();
  });

  it("is said anywhere, where no place is named", () => {
    expect(exampleHint({ ...at, head: 2, view: "flow" }, [anywhere])?.sentence).toBe("Look around.");
  });

  it("is said of both texts and of the part, where they are named", () => {
    const crossing = { ...anywhere, pair: "le chat", part: "cross" };
    const both = { ...at, pair: "le chat", part: "cross" };
    expect(exampleHint(both, [crossing])?.sentence).toBe("Look around.");
    for (const other of [{ pair: "" }, { part: "encoder" }])
      expect(exampleHint({ ...both, ...other }, [crossing])).toBeNull();
  });

  it("is nothing without a sentence", () => {
    expect(exampleHint(at, [{ title: "", text: "the cat" }])).toBeNull();
  });
});
