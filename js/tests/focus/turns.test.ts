import { describe, expect, it } from "vitest";
import { toMarks, toSegments } from "../../src/focus/marks";
import { namingOf, turnFields } from "../../src/focus/turns";
import type { Span } from "../../src/wire/types";

const text = "<u>user\nIs it?</u>\n<u>model\n";
const turns = [
  { role: "user", begin: 0, start: 8, stop: 14, end: 19 },
  { role: "model", begin: 19, start: 28, stop: 28, end: 28 },
];
const divided = (spans: readonly Span[], folded = false) =>
  turnFields(toSegments(text, toMarks(spans)), turns, () => folded);

describe("the fields of a conversation", () => {
  const spans: Span[] = [
    [0, 3],
    [3, 7],
    [7, 8],
    [8, 10],
    [10, 13],
    [13, 14],
    [14, 18],
    [18, 19],
    [19, 22],
    [22, 27],
    [27, 28],
  ];

  it("have what is said, and the template's tokens around it", () => {
    const [asked, answer] = divided(spans);
    expect(asked?.text).toBe("Is it?");
    expect(asked?.said).toEqual([
      { tokens: [3], text: "Is", start: 0, stop: 2 },
      { tokens: [4], text: "it", start: 3, stop: 5 },
      { tokens: [5], text: "?", start: 5, stop: 6 },
    ]);
    expect([asked?.before, asked?.after]).toEqual([
      [[0], [1], [2]],
      [[6], [7]],
    ]);
    expect([answer?.text, answer?.said, answer?.before, answer?.after]).toEqual([
      "",
      [],
      [[8], [9], [10]],
      [],
    ]);
  });

  it("leave no token out, and count one that reaches over an edge to what is said", () => {
    const wide: Span[] = [...spans.slice(0, 2), [7, 10], [10, 16], [16, 22], [22, 28]];
    const fields = divided(wide);
    expect(fields[0]?.said).toEqual([
      { tokens: [2], text: "Is", start: 0, stop: 2 },
      { tokens: [3], text: "it?", start: 3, stop: 6 },
    ]);
    const all = fields.flatMap(({ said, before, after }) => [
      ...before,
      ...said.map(({ tokens }) => tokens),
      ...after,
    ]);
    expect(all.flat().sort((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("are folded only where something is said", () => {
    expect(divided(spans, true).map(({ folded }) => folded)).toEqual([true, false]);
  });
});

describe("the tokens that spell a role", () => {
  it.each([
    [["<u>", "user", "⏎"], "user", [1, 2]],
    [["<u>", "ass", "istant", "⏎"], "assistant", [1, 3]],
    [["[INST]"], "user", [1, 1]],
    [["user", "s"], "user", [0, 1]],
    [[], "user", [0, 0]],
  ] as const)("of %j are found for %s", (labels, role, found) => {
    expect(namingOf(labels, role)).toEqual(found);
  });
});
