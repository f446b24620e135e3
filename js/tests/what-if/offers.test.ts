import { describe, expect, it } from "vitest";
import { readEdit } from "../../src/edits/notation";
import type { Subject } from "../../src/focus/pointer";
import { headingOf, offersFor, partOf, type Standing } from "../../src/what-if/offers";
import { sentenceOf, tokensInWords } from "../../src/what-if/words";

const is = { tokens: [5, 6], name: "is" } as const;
const france = { tokens: [3, 4], name: "France" } as const;
const standing: Standing = {
  edits: [],
  part: "self",
  parts: ["self"],
  shown: [[1, 0]],
  pinned: { query: is, reads: true },
  causal: true,
  asks: false,
};
const token = (of: { readonly tokens: readonly [number, number]; readonly name: string }): Subject => ({
  kind: "tokens",
  side: "key",
  ...of,
});
const texts = (subject: Subject, change: Partial<Standing> = {}) =>
  offersFor(subject, { ...standing, ...change }).map(({ text }) => text);

describe("the menu", () => {
  it("of a token hides it, or cuts it from the query, here or everywhere", () => {
    expect(texts(token(france))).toEqual(["hide 3", "cut 5 reads 3 in L1H0", "cut 5 reads 3"]);
    expect(texts(token(is))).toEqual(["hide 5"]);
    expect(texts(token(france), { pinned: { query: is, reads: false } })).toEqual(["hide 3"]);
    expect(headingOf(token(france))).toBe("“France” #3");
  });

  it("of a word hides all of its pieces", () => {
    expect(texts(token({ tokens: [2, 4], name: "unbelievable" }))[0]).toBe("hide 2..3");
  });

  it("of a head silences and paints it; between two texts not along them", () => {
    const head: Subject = { kind: "head", layer: 2, head: 1 };
    const all = texts(head);
    expect(all.slice(0, 3)).toEqual(["silence L2H1", "silence L2H1 by mean", "silence L2"]);
    expect(all.slice(3)).toEqual([
      "paint L2H1 uniform",
      "paint L2H1 identity",
      "paint L2H1 previous",
      "paint L2H1 shuffled 1",
    ]);
    expect(texts(head, { part: "cross", parts: ["encoder", "decoder", "cross"] })).toEqual([
      "silence cross L2H1",
      "silence cross L2H1 by mean",
      "silence cross L2",
      "paint cross L2H1 uniform",
      "paint cross L2H1 shuffled 1",
    ]);
  });

  it("of a pair cuts it where it is read, and not what a row cannot do without", () => {
    const pair: Subject = { kind: "pair", query: is, key: france, at: [3, null] };
    expect(texts(pair)).toEqual(["cut 5 reads 3 in L3", "cut 5 reads 3", "hide 3"]);
    expect(texts({ ...pair, query: france, key: is })).toEqual(["hide 5"]);
    const first = { tokens: [0, 1], name: "The" } as const;
    expect(texts({ ...pair, query: first, key: first })).toEqual(["hide 0"]);
  });

  it("takes back what is there", () => {
    const [offer] = offersFor(token(france), { ...standing, edits: ["silence L1H0", "hide 3"] });
    expect(offer).toMatchObject({ title: "Take back: Hide “France”", act: { kind: "remove", place: 1 } });
    expect(texts(token(france), { edits: ["(hide 3)"] })[0]).toBe("hide 3");
  });

  it("names the part whose tokens stand on a side", () => {
    const parts = ["encoder", "decoder", "cross"];
    expect(["query", "key"].map((side) => partOf(side as "key", { part: "cross", parts }))).toEqual([
      "decoder",
      "encoder",
    ]);
    expect(partOf("key", { part: "decoder", parts })).toBe("decoder");
    expect(partOf("key", { part: "self", parts: ["self"] })).toBeNull();
  });

  it("asks about the answer after a token where that can be asked", () => {
    expect(texts(token(is), { asks: true }).at(-1)).toBe("the answer at #5");
  });
});

describe("an edit in words", () => {
  const pieces = ["The", "capital", "of", "France", "is", "Paris"];
  const name = (token: number) => pieces[token] ?? "";
  const of = (text: string) => {
    const said = readEdit(text);
    if (!("edit" in said)) throw new Error(said.problem);
    return [tokensInWords(said.edit, name), sentenceOf(said.edit, name)];
  };

  it("has the words of its tokens, and says what it does", () => {
    expect(of("hide 3")).toEqual([
      "France",
      "No other token reads “France” (#3); the other weights of each row grow to sum to 1.",
    ]);
    expect(of("cut 4 reads 1..2 in L5H3")[0]).toBe("is → capital of");
    expect(of("cut * reads 0, without renormalising")[1]).toBe(
      "No token reads “The” (#0) in any head; what it read there is lost.",
    );
    expect(of("silence L5H3 by mean")[1]).toBe(
      "The output of L5H3 is its mean over this text: it no longer depends on the token.",
    );
    expect(of("paint L5 previous")).toEqual(["", "Each head of layer 5 reads only the token before."]);
  });
});
