import { describe, expect, it } from "vitest";
import { readEdit, textOf } from "../../src/edits/notation";
import { text } from "../files";

const { read, refused } = JSON.parse(text("../tests/fixtures/edits.json")) as {
  readonly read: readonly (readonly [string, string])[];
  readonly refused: readonly string[];
};

/** What a text has become, read and written again. */
function again(given: string): string {
  const said = readEdit(given);
  return "edit" in said ? textOf(said.edit) : said.problem;
}

describe("the text form of an edit", () => {
  it.each(read)("%s is written %s", (given, written) => {
    expect(again(given)).toBe(written);
    expect(again(written)).toBe(written);
  });

  it.each(refused)("%j is none, in a sentence", (given) => {
    expect(readEdit(given)).toEqual({ problem: expect.stringMatching(/\.$/) });
  });

  it("says how to write one, by its first word", () => {
    expect(readEdit("hide z")).toEqual({
      problem: "Write it like 'hide 4', 'hide 4..6' or 'hide 4 from 9'.",
    });
    expect(readEdit("hide 6..4")).toEqual({
      problem: "'6..4' is not a range: its end is before its beginning.",
    });
  });
});
