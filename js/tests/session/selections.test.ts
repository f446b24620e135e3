import { describe, expect, it, vi } from "vitest";
import { plainLook } from "../../src/session/look";
import { namesOf, type Selection, Selections, type Way } from "../../src/session/selections";
import { plainQuestion } from "../../src/session/what-if";
import { settle } from "../clock";
import { ok, open } from "../opened";

const first: Selection = {
  layer: 0,
  head: 0,
  heads: [[0, 0]],
  query: [2, 3],
  direction: "reads",
  part: "self",
  view: "matrix",
  filter: "auto",
  look: plainLook,
  edits: [],
  question: plainQuestion,
  text: "The river bank",
  pair: "",
};

/** A hand that chooses, and a clock that only the test moves. */
function hand() {
  let now = 0;
  let steps = 0;
  let at = first;
  const history = new Selections(
    () => ++steps,
    () => now,
  );
  return {
    history,
    choose: (patch: Partial<Selection>, after = 1000, way: Way = "choosing") => {
      now += after;
      history.leave(at, way);
      at = { ...at, ...patch };
    },
    /** What follows from what was chosen, without anybody choosing. */
    becomes: (patch: Partial<Selection>) => {
      at = { ...at, ...patch };
    },
    go: (way: "undo" | "redo") => {
      const patch = history.go(way, at);
      at = { ...at, ...patch };
      return patch;
    },
    at: () => at,
  };
}

describe("the history of the selection", () => {
  it("takes what comes at once for a step of its own, however soon it follows, or is followed", () => {
    const { choose, go } = hand();
    choose({ head: 3 });
    choose({ edits: ["hide 1"] }, 100, "at once");
    choose({ view: "lines" }, 100);
    expect([go("undo"), go("undo"), go("undo")]).toEqual([{ view: "matrix" }, { edits: [] }, { head: 0 }]);
  });

  it("counts what Python makes of a change that came at once as a part of it", () => {
    const { choose, go } = hand();
    choose({ edits: ["hide 1"] }, 1000, "at once");
    choose({ layer: 1 }, 50, "elsewhere");
    expect([go("undo"), go("undo")]).toEqual([{ layer: 0, edits: [] }, null]);
  });

  it("goes back through what was chosen, and forward again", () => {
    const { choose, go } = hand();
    choose({ head: 3 });
    choose({ view: "lines" });
    choose({ query: [0, 1], direction: "read_by" });
    expect([go("undo"), go("undo"), go("undo"), go("undo")]).toEqual([
      { query: [2, 3], direction: "reads" },
      { view: "matrix" },
      { head: 0 },
      null,
    ]);
    expect([go("redo"), go("redo"), go("redo"), go("redo")]).toEqual([
      { head: 3 },
      { view: "lines" },
      { query: [0, 1], direction: "read_by" },
      null,
    ]);
  });

  it("takes what follows quickly as one step, up to a rest", () => {
    const { choose, go } = hand();
    for (let head = 1; head <= 20; head++) choose({ head }, 100);
    choose({ head: 30 }, 600);
    expect([go("undo"), go("undo"), go("undo")]).toEqual([{ head: 20 }, { head: 0 }, null]);
  });

  it("begins anew after going back, however quickly, and what was ahead is gone", () => {
    const { choose, go } = hand();
    choose({ head: 1 });
    choose({ head: 2 });
    go("undo");
    choose({ head: 7 }, 10);
    expect(go("redo")).toBeNull();
    expect([go("undo"), go("undo")]).toEqual([{ head: 1 }, { head: 0 }]);
  });

  it("counts what Python makes of a step as a part of it, before and after going back", () => {
    const { choose, go } = hand();
    choose({ layer: 1 });
    choose({ head: 5 }, 50, "elsewhere");
    expect(go("undo")).toEqual({ layer: 0, head: 0 });
    choose({ head: 1 }, 50, "elsewhere");
    expect(go("redo")).toEqual({ layer: 1, head: 5 });
  });

  it("passes over what changes nothing, and over queries of other texts", () => {
    const { choose, becomes, go } = hand();
    choose({ head: 1 });
    choose({});
    choose({ query: [0, 1] });
    becomes({ text: "The river", query: [1, 2] });
    expect(go("undo")).toEqual({ head: 0 });
    expect([go("undo"), go("redo")]).toEqual([null, { head: 1 }]);
  });

  it("gives back every selection of a rest, whatever is done", () => {
    let seed = 3;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 40; round++) {
      const { choose, go, at } = hand();
      const rests = [JSON.stringify(at())];
      for (let step = 0; step < 30; step++) {
        const quick = random(3) === 0;
        choose({ layer: random(6), head: step + 1 }, quick ? 20 : 900);
        if (quick && step > 0) rests.pop();
        rests.push(JSON.stringify(at()));
      }
      const back: string[] = [];
      for (let one = go("undo"); one !== null; one = go("undo")) back.push(JSON.stringify(at()));
      expect(back).toEqual(rests.slice(0, -1).reverse());
      const forth: string[] = [];
      for (let one = go("redo"); one !== null; one = go("redo")) forth.push(JSON.stringify(at()));
      expect(forth).toEqual(rests.slice(1));
    }
  });

  it("says what it is about", () => {
    expect(namesOf({ layer: 1, head: 2, heads: [[1, 2]], query: [0, 1] })).toBe("head, query");
  });
});

describe("a session's undo", () => {
  /** A session that has heard its first frame, after a rest. */
  async function rested() {
    const opened = open();
    const answer = async (change: Parameters<typeof ok>[0] = {}) => {
      await opened.frames().at(-1)?.answer(ok(change));
      await settle(1000);
    };
    await answer({ heads: [4, 4], layers: 2 });
    return { ...opened, answer };
  }

  it("goes back through heads, views and texts in the order in which they were changed, and forward again", async () => {
    const { session, model, answer } = await rested();
    const all = { heads: [4, 4], layers: 2 };
    session.pinHead(1, 2);
    await answer({ ...all, layer: 1, head: 2 });
    session.edit("The river banks", [15, 15], 0);
    await answer({ ...all, layer: 1, head: 2, query: [2, 3] });
    session.setView("lines");
    await settle(1000);
    expect(session.what("undo")).toBe("view");
    expect(session.travel("undo", "all")).toBeNull();
    expect([model.state.view, session.what("undo"), session.what("redo")]).toEqual([
      "matrix",
      "text",
      "view",
    ]);
    expect(session.travel("undo", "all")).toMatchObject({ text: "The river bank" });
    await answer({ ...all, layer: 1, head: 2 });
    expect([model.state.text, session.what("undo")]).toEqual(["The river bank", "head"]);
    session.travel("undo", "all");
    expect([model.state.layer, model.state.head]).toEqual([0, 0]);
    await answer(all);
    expect([session.what("undo"), session.what("redo")]).toEqual(["", "head"]);
    for (const _ of [1, 2, 3]) session.travel("redo", "all");
    expect(model.state).toMatchObject({ layer: 1, head: 2, text: "The river banks", view: "lines" });
    expect(session.what("redo")).toBe("");
  });

  it("leaves the selection alone for those who write", async () => {
    const { session, model, answer } = await rested();
    session.edit("The river", [9, 9], 0);
    await answer();
    session.setView("lines");
    expect(session.travel("undo")).toMatchObject({ text: "The river bank" });
    expect(model.state.view).toBe("lines");
  });

  it("knows what Python chose, all of one turn as one step, and never what is only pointed at", async () => {
    const { session, model, answer } = await rested();
    const all = { heads: [4, 4], layers: 2 };
    model.set("layer", 1);
    model.set("head", 3);
    await answer({ ...all, layer: 1, head: 3 });
    expect(session.what("undo")).toBe("head");
    session.travel("undo", "all");
    expect([model.state.layer, model.state.head]).toEqual([0, 0]);
    expect(session.what("undo")).toBe("");
  });

  it("takes back the scale of the tones alone, and asks for nothing", async () => {
    const { session, model, frames, answer } = await rested();
    session.setLook({ words: true });
    await answer();
    const asked = frames().length;
    session.setScale("stretch");
    expect([session.what("undo"), frames().length]).toEqual(["look", asked]);
    session.travel("undo", "all");
    expect(model.state.look).toMatchObject({ scale: 1, words: true });
    session.travel("undo", "all");
    expect(model.state.look).toMatchObject({ scale: 1, words: false });
  });

  it("goes back to a query that the caret was at, and then the caret leads no more", async () => {
    const { session, model, frames, answer } = await rested();
    session.moveCaret([4, 4]);
    await answer({ query: [1, 2] });
    session.moveCaret([1, 1]);
    await answer({ query: [0, 1] });
    expect(model.state.query).toEqual([0, 1]);
    session.travel("undo", "all");
    expect(frames().at(-1)?.request).toMatchObject({ query: [1, 2] });
    expect(frames().at(-1)?.request).not.toHaveProperty("caret");
    expect(model.state.query).toEqual([1, 2]);
  });

  it("takes no query for a step that only followed from writing", async () => {
    const { session, answer } = await rested();
    session.edit("The", [3, 3], 0);
    await answer({ query: [0, 1] });
    expect(session.what("undo")).toBe("text");
    session.travel("undo", "all");
    expect(session.what("undo")).toBe("");
  });

  it("takes all of a text for no query: whoever selects it wants to replace it", async () => {
    const { session, frames, answer } = await rested();
    session.moveCaret([4, 4]);
    await answer({ query: [1, 2] });
    const asked = frames().length;
    session.moveCaret([0, 14]);
    expect(frames().length).toBe(asked);
    session.moveCaret([0, 9]);
    expect(frames().at(-1)?.request).toMatchObject({ caret: [0, 9] });
  });

  it("gives a query back with the text that somebody has written over", async () => {
    const { session, model, frames, answer } = await rested();
    session.pinQuery([1, 2]);
    await answer({ query: [1, 2] });
    const undone = async () => {
      session.edit("Another one", [11, 11], 0, 0, "at once", [0, 14]);
      await answer({ query: [2, 3] });
      expect(model.state.query).toEqual([2, 3]);
      expect(session.travel("undo")).toMatchObject({ text: "The river bank", span: [0, 14] });
      return frames().at(-1)?.request;
    };
    const pinned = await undone();
    expect(pinned).toMatchObject({ text: "The river bank", query: [1, 2] });
    expect(pinned).not.toHaveProperty("caret");
    session.moveCaret([4, 4]);
    expect(await undone()).toMatchObject({ text: "The river bank", caret: [4, 4] });
    session.travel("redo");
    expect(frames().at(-1)?.request).toMatchObject({ text: "Another one", caret: [11, 11] });
  });

  it("takes every example for one step, however soon the next is taken", async () => {
    const { session, model } = await rested();
    session.useExample({ title: "one", text: "A bank", head: [1, 1] });
    session.useExample({ title: "two", text: "A river", head: [1, 3] });
    expect(session.what("undo")).toBe("example");
    session.travel("undo", "all");
    expect(model.state).toMatchObject({ text: "A bank", layer: 1, head: 1 });
    session.travel("undo", "all");
    expect(model.state).toMatchObject({ text: "The river bank", layer: 0, head: 0 });
    expect(session.what("undo")).toBe("");
  });

  it("takes both texts of an example for one step", async () => {
    const { session, model, frames } = await rested();
    const example = {
      title: "one",
      text: "the red car",
      pair: "la voiture rouge",
      part: "cross",
      query: [2, 3] as const,
    };
    session.useExample(example);
    expect(model.state).toMatchObject({ pair: "la voiture rouge", part: "cross", direction: "reads" });
    expect(frames().at(-1)?.request).toMatchObject({
      text: "the red car",
      pair: "la voiture rouge",
      query: [2, 3],
    });
    session.travel("undo", "all");
    expect(model.state).toMatchObject({ text: "The river bank", pair: "" });
    session.travel("redo", "all");
    expect(model.state).toMatchObject({ text: "the red car", pair: "la voiture rouge", part: "cross" });
  });

  it("says nothing of texts that cannot be changed", async () => {
    const { session, model } = await rested();
    model.set("text", "The river");
    session.about.value = { editable: false } as never;
    expect([session.what("undo"), session.travel("undo", "all")]).toEqual(["", null]);
    vi.clearAllTimers();
  });
});
