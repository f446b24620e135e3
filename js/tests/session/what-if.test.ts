import { describe, expect, it } from "vitest";
import { plainLook } from "../../src/session/look";
import { textsOf } from "../../src/session/shown";
import { editsAsked, ofHeads, questionAsked, readEdits, readQuestion } from "../../src/session/what-if";
import { kernelSource } from "../../src/source/kernel";
import { header } from "../frames";
import { ok, open } from "../opened";

const edits = ["hide 1", "(silence L0H1)"];

describe("edits as text", () => {
  it("mean the same on another text where they are of heads alone", () => {
    expect(ofHeads(edits)).toEqual(["(silence L0H1)"]);
  });

  it("are read from outside as far as they are any", () => {
    expect(readEdits(["hide 1", 5, null])).toEqual(["hide 1"]);
    expect(readEdits("hide 1")).toEqual([]);
    expect(readQuestion({ answer: " Paris", rather: 5, at: 1.5 })).toEqual({
      answer: " Paris",
      rather: 5,
      at: null,
    });
  });

  it("are asked as they are shown: before them there are none", () => {
    expect(editsAsked(edits, plainLook)).toEqual({ edits: ["hide 1"] });
    expect(editsAsked(edits, { shows: "before" })).toEqual({});
    expect(editsAsked(edits, { shows: "difference" })).toEqual({ edits: ["hide 1"], shows: "difference" });
    expect(editsAsked(["(hide 1)"], { shows: "difference" })).toEqual({});
  });

  it("come with a question only where one is asked", () => {
    expect(questionAsked({ answer: null, rather: null, at: null })).toEqual({});
    const asked = { answer: 0, rather: null, at: null };
    expect(questionAsked(asked)).toEqual({ question: asked });
  });
});

describe("a session with edits", () => {
  it("moves them with their tokens: what was computed with others is not shown, and asked for anew", async () => {
    const { session, frames, model } = open({ edits: ["hide 1", "cut 2 reads 1"] });
    await frames()[0]?.answer({ ...ok(), reading: "r" });
    const { tokens } = header;
    const longer = {
      ...tokens,
      pieces: ["So", ...tokens.pieces],
      spans: [[0, 2], ...tokens.spans.map(([start, stop]) => [start + 3, stop + 3])] as never,
    };
    session.edit("So The river bank", [2, 2], 0);
    expect(frames()[1]?.request).toMatchObject({ edits: ["hide 1", "cut 2 reads 1"] });
    await frames()[1]?.answer({ ...ok({ tokens: longer }), reading: "so" });
    expect(model.get("edits")).toEqual(["hide 2", "cut 3 reads 2"]);
    expect(session.shown.value?.text).toBe("The river bank");
    expect(frames()[2]?.request).toMatchObject({
      text: "So The river bank",
      edits: ["hide 2", "cut 3 reads 2"],
    });
    await frames()[2]?.answer({ ...ok({ tokens: longer }), reading: "so, edited" });
    expect(session.shown.value?.text).toBe("So The river bank");
    expect(frames()).toHaveLength(3);
  });

  it("asks for what they make of the text, and says which were left out", async () => {
    const { session, frames, model } = open({ edits });
    expect(frames()[0]?.request).toMatchObject({ edits: ["hide 1"] });
    const off = [{ edit: "hide 1", why: "there is no token 1" }];
    await frames()[0]?.answer({ ...ok(), reading: "r", off });
    expect(session.off.value).toEqual(off);
    expect(session.shown.value && textsOf(session.shown.value)).toMatchObject({
      reading: "r",
      edits: ["hide 1"],
    });
    session.setEdits(["hide 2"]);
    expect(model.state.edits).toEqual(["hide 2"]);
    expect(frames()[1]?.request).toMatchObject({ edits: ["hide 2"] });
    expect(session.outdated.value).toBe(true);
    await frames()[1]?.answer({ ...ok(), reading: "s" });
    expect([session.outdated.value, session.off.value]).toEqual([false, []]);
  });

  it("shows the text before them, and what they change", async () => {
    const { session, frames } = open({ edits });
    session.setLook({ shows: "before" });
    expect(frames()[1]?.request).not.toHaveProperty("edits");
    session.setLook({ shows: "difference" });
    expect(frames()[2]?.request).toMatchObject({ edits: ["hide 1"], shows: "difference" });
    expect(frames()[0]?.request).not.toHaveProperty("shows");
  });

  it("takes a chip back, and asks nothing when only one that is off comes", async () => {
    const { session, frames, model } = open();
    await frames()[0]?.answer(ok());
    session.setEdits(["hide 1"]);
    expect(session.what("undo")).toBe("what if");
    session.travel("undo", "all");
    expect(model.state.edits).toEqual([]);
    const before = frames().length;
    session.setEdits(["(hide 1)"]);
    expect(frames().length).toBe(before);
  });

  it("follows Python, but asks for no frame when the question changes", async () => {
    const { model, frames, session } = open();
    model.set("edits", ["silence L0H1"]);
    await Promise.resolve();
    expect(frames()[1]?.request).toMatchObject({ edits: ["silence L0H1"] });
    model.set("question", { answer: " bank", rather: null, at: null });
    await Promise.resolve();
    expect(frames().length).toBe(2);
    session.setQuestion({ answer: " river", rather: " bank", at: 1 });
    expect(model.state.question).toEqual({ answer: " river", rather: " bank", at: 1 });
  });

  it("keeps an example's text free of edits of other tokens", () => {
    const { session, model } = open({ edits });
    session.useExample({ title: "one", text: "Another text" });
    expect(model.state.edits).toEqual(["(silence L0H1)"]);
    session.travel("undo", "all");
    expect(model.state.edits).toEqual(edits);
  });

  it("says in one sentence that numbers without a model have none", async () => {
    const { session, asked, model } = open();
    await asked[0]?.answer({ status: "ok", reply: { editable: false, examples: [], model: { heads: [] } } });
    session.setEdits(["hide 1"]);
    expect(session.problem.value?.message).toContain("without a model");
    expect(model.state.edits ?? []).toEqual([]);
  });
});

describe("the kernel's answer", () => {
  it("names the edits that were left out", async () => {
    const sent: { id: string }[] = [];
    let hear = (_content: unknown) => {};
    const channel = {
      send: (content: unknown) => void sent.push(content as { id: string }),
      on: (event: string, listener: (...args: never[]) => void) => {
        if (event === "msg:custom") hear = listener as never;
      },
      off: () => {},
    };
    const { ask } = kernelSource(channel, new AbortController().signal);
    const answered = ask({ kind: "predict", text: "a", position: 0, part: "self" });
    hear({
      id: sent[0]?.id,
      status: "ok",
      predictions: null,
      off: [{ edit: "hide 9", why: "there is no token 9" }],
    });
    expect(await answered).toMatchObject({ off: [{ edit: "hide 9", why: "there is no token 9" }] });
  });
});
