// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeVariants } from "../../dev/fake-variants";
import {
  drop,
  keep,
  keptTexts,
  mayKeep,
  mostKept,
  waysOf,
  waysSoFar,
  waysWish,
} from "../../src/views/test/ways/kept";
import { sentencesOf, suggestionsFor } from "../../src/views/test/ways/suggestions";
import { wayInWords } from "../../src/views/test/ways/words";
import type { Variant } from "../../src/wire/experiments/variants";
import { readVariants } from "../../src/wire/experiments/variants";
import { ok, open } from "../opened";

describe("other ways of putting a text", () => {
  const text = "Paris is in France. Rome is in Italy. The city in France is";

  it("are made of its own sentences", () => {
    expect(sentencesOf(text)).toEqual(["Paris is in France.", "Rome is in Italy.", "The city in France is"]);
    expect(sentencesOf("He said “No.” At 3.5 it fell!\n\nWhy ")).toEqual([
      "He said “No.”",
      "At 3.5 it fell!",
      "Why",
    ]);
    expect(sentencesOf("巴黎在法国。为什么？")).toEqual(["巴黎在法国。", "为什么？"]);
    expect(suggestionsFor(text)).toEqual([
      { title: "fact last", text: "Rome is in Italy. Paris is in France. The city in France is" },
      {
        title: "fact said twice",
        text: "Paris is in France. Rome is in Italy. Paris is in France. The city in France is",
      },
      {
        title: "fact marked",
        text: "Important: Paris is in France. Rome is in Italy. The city in France is",
      },
      {
        title: "as question and answer",
        text: "Paris is in France. Rome is in Italy. Question: The city in France is? Answer:",
      },
    ]);
  });

  it("move the sentence that has the phrase, and are each another text", () => {
    expect(suggestionsFor(text, "Rome").map(({ title }) => title)).toEqual([
      "fact first",
      "fact said twice",
      "fact marked",
      "as question and answer",
    ]);
    expect(suggestionsFor("Why?")).toEqual([
      { title: "as question and answer", text: "Question: Why? Answer:" },
    ]);
    expect(suggestionsFor("A.\nWhat is it?\nAnswer:").map(({ title }) => title)).not.toContain(
      "as question and answer",
    );
    expect([suggestionsFor(""), suggestionsFor("  \n ")]).toEqual([[], []]);
  });
});

describe("a list of ways", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  async function shown() {
    const opened = open();
    await vi.advanceTimersByTimeAsync(50);
    await opened.frames()[0]?.answer({ ...ok(), reading: "r" });
    return opened;
  }

  it("begins with what the kernel has kept, and has each text once, up to a number", async () => {
    const { session, asked } = await shown();
    await asked
      .find(({ request }) => request.kind === "about")
      ?.answer({ status: "ok", reply: { variants: ["one"], model: {}, editable: true } });
    expect(keptTexts(session)).toEqual(["one"]);
    keep(session, "two");
    keep(session, "two");
    drop(session, "one");
    expect([keptTexts(session), mayKeep(session, "two"), mayKeep(session, "")]).toEqual([
      ["two"],
      false,
      false,
    ]);
    for (let number = 0; number < mostKept; number++) keep(session, `text ${number}`);
    expect(keptTexts(session)).toHaveLength(mostKept);
    expect(mayKeep(session, "one more")).toBe(false);
  });

  it("is asked for while it is unfolded, again for every list and phrase", async () => {
    const { session } = await shown();
    expect(waysWish(session)).toBeNull();
    waysOf(session).open.value = true;
    keep(session, "two");
    const first = waysWish(session);
    expect(first?.request).toMatchObject({ text: "The river bank", texts: ["two"], reading: "r" });
    expect(first?.request).not.toHaveProperty("name");
    session.memory.put("variants", first?.key ?? "", fakeVariants(["The river bank", "two"]));
    expect(waysSoFar(session)?.rows.map(({ text }) => text)).toEqual(["The river bank", "two"]);
    waysOf(session).phrase.value = "river";
    expect(waysWish(session)?.request.name).toBe("river");
    expect(waysSoFar(session)).toBeNull();
  });

  it("says each row in words, and refuses an answer without rows", () => {
    const way = fakeVariants(["A text of twenty one"]).rows[0] as Variant;
    expect(wayInWords(way, "' Paris'", "")).toBe(
      "' Paris' 0.5000; it says ␣Paris 0.7500; reads most ␣France 0.2500",
    );
    expect(wayInWords(way, "' Paris'", "Rome")).toContain("“Rome” is not in it");
    const fact = { layer: 3, head: 7, weight: 0.4 };
    expect(wayInWords({ ...way, fact }, "' Paris'", "France")).toContain("L3H7 puts 0.4000 on “France”");
    expect(() => readVariants({ answer: "" })).toThrow("without their rows");
  });
});
