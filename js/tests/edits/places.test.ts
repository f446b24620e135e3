import { describe, expect, it } from "vitest";
import { EditPlaces } from "../../src/session/edit-places";
import { placesFrom } from "../../src/session/text/token-places";
import { decodeFrame } from "../../src/wire/decode";
import type { Header, Span, Tokens } from "../../src/wire/types";
import { frameBytes, header } from "../frames";

/** Words with the space before them, and two tokens that the text does not hold. */
function tokensOf(text: string): Tokens {
  const words = [...text.matchAll(/ ?[^ ]+/g)].map((word): Span => [word.index, word.index + word[0].length]);
  const spans: Span[] = [[-1, -1], ...words, [-1, -1]];
  const same = <Value>(value: Value) => spans.map(() => value);
  return {
    pieces: spans.map(([start, stop]) => (start < 0 ? "<s>" : text.slice(start, stop))),
    spans,
    words: spans.map(([start], place) => (start < 0 ? -1 : place)),
    special: spans.map(([start]) => start < 0),
    padding: same(false),
    segment: same(0),
  };
}

const laid = (text: string) => ({ texts: [text, ""], tokens: tokensOf(text), units: null }) as const;

/** Where the tokens of a text are in another one. */
function moved(from: string, to: string) {
  const places = placesFrom(laid(from), laid(to));
  return laid(from).tokens.pieces.map((_, token) => places(token));
}

describe("places of tokens", () => {
  it("go with what is written before them, and stay with what is written into them", () => {
    expect(moved("the capital of France", "what is the capital of France")).toEqual([0, 3, 4, 5, 6, 7]);
    expect(moved("the capital", "the capitals")).toEqual([0, 1, 2, 3]);
    expect(moved("the capital of France", "the capital of Fran")).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("are gone with the letters, though the space before them stays", () => {
    expect(moved("the capital of France", "the capital of Wales")).toEqual([0, 1, 2, 3, null, 5]);
    expect(moved("the capital of France", "the of France")).toEqual([0, 1, null, 2, 3, 4]);
  });

  it("are those of the word where words are shown, each piece in its turn", () => {
    const tokens = tokensOf("a bank");
    const before = {
      texts: ["a bank", ""],
      tokens,
      units: [
        [0, 1],
        [1, 2],
        [2, 4],
        [4, 5],
      ],
    } as const;
    const after = {
      texts: ["so a bank", ""],
      tokens: tokensOf("so a bank"),
      units: [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 5],
        [5, 6],
      ],
    } as const;
    const places = placesFrom(before, after);
    expect([0, 1, 2, 3, 4].map(places)).toEqual([0, 2, 3, 4, 5]);
  });
});

describe("the edits of a text that changes", () => {
  const seen = (text: string, change: Partial<Omit<Header, "blocks">> = {}) => ({
    text,
    pair: "",
    frame: decodeFrame(frameBytes({ ...header, tokens: tokensOf(text), ...change })),
  });

  it("move, and are the same list where nothing moves", () => {
    const places = new EditPlaces();
    const edits = ["hide 4", "(cut 4 reads 2)", "silence L0H1"];
    expect(places.follow(seen("the capital of France"), edits)).toBe(edits);
    expect(places.follow(seen("the capital of France is"), edits)).toBe(edits);
    expect(places.follow(seen("so the capital of France is"), edits)).toEqual([
      "hide 5",
      "(cut 5 reads 3)",
      "silence L0H1",
    ]);
  });

  it("are switched off once their token is gone, and on again when it comes back", () => {
    const places = new EditPlaces();
    places.follow(seen("the capital of France"), ["hide 4"]);
    const off = places.follow(seen("the capital of"), ["hide 4"]);
    expect(off).toEqual(["(hide 4)"]);
    expect(places.isGone("(hide 4)")).toBe(true);
    expect(places.follow(seen("so the capital of"), off)).toBe(off);
    expect(places.follow(seen("the capital of France"), off)).toEqual(["hide 4"]);
    expect(places.isGone("(hide 4)")).toBe(false);
  });

  it("count the tokens of the text that comes where somebody else has set them", () => {
    const places = new EditPlaces();
    places.follow(seen("the capital of France"), []);
    places.forget();
    const edits = ["hide 4"];
    expect(places.follow(seen("so the capital of France"), edits)).toBe(edits);
  });
});
