import { describe, expect, it } from "vitest";
import type { Field } from "../../src/focus/fields";
import { toMarks, toSegments } from "../../src/focus/marks";
import { matchesIn } from "../../src/focus/matches";
import { fold } from "../../src/lib/fold";

/** A text that is cut into these pieces, between two special tokens. */
function field(...pieces: readonly string[]): Field {
  let start = 0;
  const spans = pieces.map((piece): readonly [number, number] => {
    const from = start;
    start += piece.length;
    return [from, start];
  });
  const all = [[-1, -1], ...spans, [-1, -1]] as const;
  return {
    segments: toSegments(pieces.join(""), toMarks(all as never)),
    chips: { leading: [0], trailing: [pieces.length + 1] },
    tokens: { pieces: ["[CLS]", ...pieces, "[SEP]"], spans: all } as never,
    turns: null,
    asks: true,
    answers: true,
  };
}

const found = (from: Field, wanted: string) => matchesIn(from, 0, wanted).map(({ tokens }) => tokens);

describe("what is searched in a text", () => {
  it("is found however it is written and however it is cut", () => {
    const text = field("The", " Café", " bank", "\n", "s", " and", " BANK", "S");
    expect(found(text, "bank")).toEqual([
      [3, 4],
      [7, 8],
    ]);
    expect(found(text, "cafe")).toEqual([[2, 3]]);
    expect(found(text, "bank s and")).toEqual([[3, 7]]);
    expect(found(text, "Banks")).toEqual([[7, 9]]);
    expect(found(text, "nowhere")).toEqual([]);
    expect(found(text, "  ")).toEqual([]);
  });

  it("counts a token once, however often it stands in it", () => {
    expect(found(field("banana", " band"), "an")).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  it("may be a special token, or the number of one", () => {
    const text = field("a", " seplus");
    expect(found(text, "sep")).toEqual([
      [2, 3],
      [3, 4],
    ]);
    expect(found(text, "[CLS]")).toEqual([[0, 1]]);
    expect(found(text, "#1")).toEqual([[1, 2]]);
    expect(found(text, "#9")).toEqual([]);
  });

  it("is nowhere before tokens are known", () => {
    expect(matchesIn({ ...field("a"), tokens: null }, 0, "a")).toEqual([]);
  });

  it("is compared without case, accents and widths, and leads back to the text", () => {
    expect(fold("Ｅ́\t  ﬁ")).toEqual({ text: "e fi", at: [0, 2, 5, 5] });
    expect(fold("İ").text).toBe(fold("i").text);
  });
});
