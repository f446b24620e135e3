import { describe, expect, it } from "vitest";
import { toChips, toMarks, toSegments } from "../../src/focus/marks";
import { wellFormed } from "../../src/lib/format";
import { rebase } from "../../src/session/text/rebase";
import { header } from "../frames";

const words = (text: string) =>
  [...text.matchAll(/\S+/g)].map((word) => [word.index, word.index + word[0].length] as const);

describe("rebase", () => {
  it("changes nothing when the text is the same", () => {
    const spans = words("a b");
    expect(rebase("a b", "a b", spans)).toBe(spans);
  });

  it("keeps what comes before an edit and moves what comes after", () => {
    expect(rebase("the cat sat", "the big cat sat", words("the cat sat"))).toEqual([
      [0, 3],
      [8, 11],
      [12, 15],
    ]);
    expect(rebase("the big cat", "the cat", words("the big cat"))).toEqual([
      [0, 3],
      [-1, -1],
      [4, 7],
    ]);
  });

  it("keeps a token to which letters are appended", () => {
    expect(rebase("the ban", "the bank", words("the ban"))).toEqual([
      [0, 3],
      [4, 7],
    ]);
  });

  it("shortens what the edit touches", () => {
    expect(rebase("the river bank", "the rixer bank", words("the river bank"))).toEqual([
      [0, 3],
      [4, 6],
      [10, 14],
    ]);
    expect(rebase("river", "Xver", [[0, 5]])).toEqual([[1, 4]]);
  });

  it("drops what is gone", () => {
    expect(rebase("one two", "", words("one two"))).toEqual([
      [-1, -1],
      [-1, -1],
    ]);
  });

  it("never splits a surrogate pair", () => {
    // 👋 and 👌 share their first half.
    expect(
      rebase("👋 a", "👌 a", [
        [0, 2],
        [3, 4],
      ]),
    ).toEqual([
      [-1, -1],
      [3, 4],
    ]);
    // 👋 and 🌋 share their second half.
    expect(
      rebase("a 👋", "a 🐋", [
        [0, 1],
        [2, 4],
      ]),
    ).toEqual([
      [0, 1],
      [-1, -1],
    ]);
    for (const [from, to] of [
      ["👋👋", "👋"],
      ["👋", "👋👋"],
      ["x👋y", "x👌👋y"],
    ] as const) {
      for (const [start, stop] of rebase(from, to, [[0, from.length]])) {
        expect(wellFormed(to.slice(start, stop))).toBe(to.slice(start, stop));
      }
    }
  });

  it("stays inside the text, in order, whatever the edit", () => {
    const texts = ["", "a", "the cat", "the the the", "the cat sat", "cat", "👋 the 👋", "aaaa", "aaaaaa"];
    for (const from of texts) {
      for (const to of texts) {
        const spans = rebase(from, to, words(from)).filter(([start]) => start >= 0);
        for (const [start, stop] of spans) expect(start >= 0 && start < stop && stop <= to.length).toBe(true);
        const flat = spans.flat();
        expect(flat).toEqual([...flat].sort((one, other) => one - other));
      }
    }
  });
});

describe("marks", () => {
  it("makes one mark of pieces that share a span", () => {
    expect(
      toMarks([
        [0, 2],
        [0, 2],
        [2, 3],
        [-1, -1],
      ]),
    ).toEqual([
      { tokens: [0, 1], start: 0, stop: 2 },
      { tokens: [2], start: 2, stop: 3 },
    ]);
  });

  it("gives back the whole text in segments, with white space outside the marks", () => {
    const text = " The river\n\nbank ";
    const segments = toSegments(
      text,
      toMarks([
        [0, 4],
        [4, 10],
        [10, 12],
        [12, 16],
      ]),
    );
    expect(segments.map((segment) => segment.text).join("")).toBe(text);
    expect(segments.filter(({ mark }) => mark !== null).map((segment) => segment.text)).toEqual([
      "The",
      "river",
      "\n\n",
      "bank",
    ]);
  });

  it("puts special tokens outside the text", () => {
    const tokens = {
      ...header.tokens,
      spans: [
        [-1, -1],
        [0, 3],
        [-1, -1],
      ] as const,
    };
    expect(toChips(tokens)).toEqual({ leading: [0], trailing: [2] });
  });
});
