import { describe, expect, it } from "vitest";
import { Turns, turnAt, turnsAfter } from "../../src/session/text/turns";
import type { Turn } from "../../src/wire/types";

const text = "<u>Is it?</u><a>It is.";
const turns: readonly Turn[] = [
  { role: "user", begin: 0, start: 3, stop: 9, end: 13 },
  { role: "assistant", begin: 13, start: 16, stop: 22, end: 22 },
];

const said = (text: string, all: readonly Turn[] | null) =>
  all?.map(({ start, stop }) => text.slice(start, stop)) ?? null;

describe("the turns of a text", () => {
  it.each([
    ["<u>Is it so?</u><a>It is.", ["Is it so?", "It is."]],
    ["<u></u><a>It is.", ["", "It is."]],
    ["<u>Is it?</u><a>", ["Is it?", ""]],
    ["<u>Is it?</u><a>It is.</u>", ["Is it?", "It is.</u>"]],
    ["<u>Is it?</</u><a>It is.", ["Is it?</", "It is."]],
  ])("grow and move with what is said: %s", (to, expected) => {
    const after = turnsAfter(turns, text, to);
    expect(said(to, after)).toEqual(expected);
    expect(after?.at(-1)?.end).toBe(to.length);
    expect(turnsAfter(after, to, text)).toEqual(turns);
  });

  it.each(["<u>Is?</u><a>It.", "<x>Is it?</u><a>It is.", "Is it?", ""])(
    "are not known where more was changed: %s",
    (to) => expect(turnsAfter(turns, text, to)).toBeNull(),
  );

  it("have a place for every caret", () => {
    expect([0, 3, 9, 10, 16, 22].map((place) => turnAt(turns, place))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("are those of the text that is written, whichever the kernel tells of", () => {
    const known = new Turns(text);
    expect(known.of(text)).toBeNull();
    known.follow("<u>Is it so?</u><a>It is.");
    known.tell(text, turns);
    expect(said("<u>Is it so?</u><a>It is.", known.of("<u>Is it so?</u><a>It is."))).toEqual([
      "Is it so?",
      "It is.",
    ]);
    known.follow("<u>Is it so?</u><a>No.");
    known.tell(text, turns);
    expect(known.of("<u>Is it so?</u><a>No.")?.[1]?.stop).toBe(22);
    known.tell("<u>Is it so?</u><a>No.", null);
    expect(known.of("<u>Is it so?</u><a>No.")).toBeNull();
  });
});
