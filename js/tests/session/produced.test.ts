import { describe, expect, it } from "vitest";
import { freshlyProduced, type Produced, producedAfter } from "../../src/session/text/produced";

const text = "Is it? It is so.";
const produced = freshlyProduced(text, 6, { field: 0, beside: "", edits: [], ended: true });

/** Through several texts, one after the other. */
function through(...texts: readonly string[]): Produced {
  let from = text;
  return texts.reduce((found, to) => {
    const after = producedAfter(found, from, to);
    from = to;
    return after;
  }, produced);
}
const shown = ({ start, stop, stale }: Produced, of: string) => [of.slice(start, stop), stale];

describe("what the model has written", () => {
  it.each([
    ["what comes behind it", `${text} Why?`, " It is so.", false],
    ["the text before it", "Was it? It is so.", " It is so.", true],
    ["itself, from where somebody writes", "Is it? It was so.", " It ", false],
    ["itself, from its beginning", "Is it?! It is so.", "", false],
    ["all of it", "", "", true],
  ])("is marked by a change of %s", (_, to, words, stale) => {
    expect(shown(through(to), to)).toEqual([words, stale]);
  });

  it("is as it was once that is taken back, after however many steps", () => {
    expect(shown(through("Was it? It is so.", "Was it now? It is so.", text), text)).toEqual([
      " It is so.",
      false,
    ]);
    expect(shown(through("Is it? It", text), text)).toEqual([" It is so.", false]);
  });
});
