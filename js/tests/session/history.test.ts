import { describe, expect, it } from "vitest";
import { History, type Way } from "../../src/session/text/history";

/** Writes at the caret, as a control would say it. */
function writer(text = "") {
  const history = new History(text, "");
  let now = text;
  const write = (inserted: string, way: Way, at = now.length, over = 0) => {
    now = now.slice(0, at) + inserted + now.slice(at + over);
    history.record(0, now, way, [at, at + over], [at + inserted.length, at + inserted.length]);
  };
  const back = () => {
    const place = history.undo();
    if (place?.field === 0) now = place.text;
    return place;
  };
  return { history, write, back };
}

describe("the history of the texts", () => {
  it("gives every text back in order, and forward again, whoever changed it", () => {
    const history = new History("", "");
    const texts = [
      "First pasted text here.",
      "Second one",
      "an example",
      "an example, typed",
      "from Python",
      "x",
    ];
    const ways: Way[] = ["at once", "at once", "at once", "typing", "elsewhere", "at once"];
    texts.forEach((text, index) => {
      history.record(0, text, ways[index] as Way);
    });
    const before = texts.map(() => history.undo()?.text);
    expect(before).toEqual([...texts.slice(0, -1).reverse(), ""]);
    expect(history.undo()).toBeNull();
    expect(texts.map(() => history.redo()?.text)).toEqual(texts);
    expect(history.redo()).toBeNull();
  });

  it("takes letters in a row as one step, a word at a time, and erased ones apart", () => {
    const { history, write, back } = writer("The");
    for (const letter of " river bank") write(letter, "typing");
    history.record(0, "The river ban", "erasing", [14, 14], [13, 13]);
    history.record(0, "The river ba", "erasing", [13, 13], [12, 12]);
    expect(back()).toEqual({ field: 0, text: "The river bank", span: [14, 14] });
    expect([back()?.text, back()?.text, back()?.text]).toEqual(["The river ", "The ", "The"]);
    expect(back()).toBeNull();
  });

  it("gives erased words back one at a time, whichever way they were erased", () => {
    for (const forwards of [false, true]) {
      const history = new History("one two four", "");
      const texts: string[] = [];
      let now = "one two four";
      for (let left = 9; left > 0; left--) {
        const at = forwards ? 3 : now.length - 1;
        const before = forwards ? 3 : now.length;
        now = now.slice(0, at) + now.slice(at + 1);
        history.record(0, now, "erasing", [before, before], [at, at]);
      }
      for (let place = history.undo(); place !== null; place = history.undo()) texts.push(place.text);
      expect(texts).toEqual(
        forwards ? ["onefour", "onetwo four", "one two four"] : ["one two", "one two four"],
      );
    }
  });

  it("begins anew where the caret went elsewhere", () => {
    const { write, back } = writer("ab");
    write("1", "typing", 2);
    write("2", "typing", 0);
    expect([back()?.text, back()?.text]).toEqual(["ab1", "ab"]);
  });

  it("selects what was selected before, and goes to the text that was changed", () => {
    const history = new History("one two", "other");
    history.record(0, "one 2", "at once", [4, 7], [5, 5]);
    history.record(1, "another", "typing", [0, 0], [2, 2]);
    expect(history.undo()).toEqual({ field: 1, text: "other", span: [0, 0] });
    expect(history.undo()).toEqual({ field: 0, text: "one two", span: [4, 7] });
    expect(history.redo()).toEqual({ field: 0, text: "one 2", span: [5, 5] });
  });

  it("takes what comes from elsewhere in a row as one step", () => {
    const history = new History("mine", "");
    for (const text of ["a", "b", "c"]) history.record(0, text, "elsewhere");
    expect(history.undo()?.text).toBe("mine");
    expect(history.redo()?.text).toBe("c");
  });

  it("puts what was overtaken before what overtook it", () => {
    const history = new History("base", "");
    history.record(0, "from Python", "elsewhere");
    history.slip(0, "base 日本");
    expect([history.undo()?.text, history.undo()?.text]).toEqual(["base 日本", "base"]);
    expect([history.redo()?.text, history.redo()?.text]).toEqual(["base 日本", "from Python"]);
  });

  it("forgets the oldest of what is too much, and never garbles the rest", () => {
    const history = new History("", "");
    const texts = Array.from({ length: 12 }, (_, index) => String.fromCharCode(97 + index).repeat(1_000_000));
    for (const text of texts) history.record(0, text, "at once");
    const back: string[] = [];
    for (let place = history.undo(); place !== null; place = history.undo())
      back.push(place.text.slice(0, 1));
    expect(back.length).toBeGreaterThanOrEqual(3);
    expect(back.length).toBeLessThan(6);
    expect(back.join("")).toBe("kjihg".slice(0, back.length));
  });

  it("holds for any changes", () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const signs = ["a", "b", " ", "\n", "日", "👩", "e\u0301", "\r\n"];
    const ways: Way[] = ["typing", "erasing", "at once", "elsewhere"];
    for (let round = 0; round < 50; round++) {
      const history = new History("start", "");
      const texts: string[] = ["start"];
      for (let step = 0; step < 30; step++) {
        const from = texts.at(-1) as string;
        const at = random(from.length + 1);
        const inserted = Array.from({ length: random(3) }, () => signs[random(signs.length)]).join("");
        const text = from.slice(0, at) + inserted + from.slice(at + random(3));
        if (text === from) continue;
        history.record(0, text, ways[random(4)] as Way);
        texts.push(text);
      }
      const back: string[] = [];
      for (let place = history.undo(); place !== null; place = history.undo()) back.push(place.text);
      expect(back.at(-1)).toBe("start");
      // Steps may hold several changes, but each ends at a text that was there, the later ones first.
      let last = texts.length;
      for (const text of back) {
        last = texts.lastIndexOf(text, last - 1);
        expect(last).toBeGreaterThanOrEqual(0);
      }
      for (const _ of back) history.redo();
      expect(history.undo()?.text).toBe(back[0]);
    }
  });
});
