import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DemoModel } from "../../dev/model";
import { nextLayer } from "../../src/session/nearest-head";
import { Session } from "../../src/session/session";
import { kernelSource } from "../../src/source/kernel";
import { ok, open } from "../opened";

const tooLong = {
  status: "error",
  problem: { code: "too_long", message: "Too long.", tokens: 800, limit: 512 },
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a session", () => {
  it("asks for the model and a frame, once for all views", () => {
    const { session, asked } = open();
    session.start();
    expect(asked.map(({ request }) => request.kind)).toEqual(["about", "frame"]);
    expect(asked[1]?.request).toMatchObject({ text: "The river bank", query: [2, 3] });
  });

  it("sends every edit at once, led by the caret, and writes the text to Python", () => {
    const { session, frames, model } = open();
    session.edit("The river banks", [15, 15], 0);
    session.edit("The river banks ", [16, 16], 0);
    expect(
      frames().map(({ request }) => (request.kind === "frame" ? (request.caret ?? request.query) : null)),
    ).toEqual([
      [2, 3],
      [15, 15],
      [16, 16],
    ]);
    expect(model.state.text).toBe("The river banks ");
  });

  it.each([
    ["chart", 3],
    ["view", "lines"],
    ["layer", 1],
  ])("tells the query of what was written, though Python sets the %s meanwhile", async (name, value) => {
    const { session, frames, model } = open();
    await frames()[0]?.answer(ok({ query: [2, 3] }));
    session.edit("The river", [9, 9], 0);
    model.set(name, value);
    await Promise.resolve();
    await frames()
      .at(-1)
      ?.answer(ok({ query: [1, 2] }));
    expect(model.state.query).toEqual([1, 2]);
  });

  it("adopts the query of the newest frame only, but shows older ones", async () => {
    const { session, frames, model } = open();
    session.edit("The river banks", [15, 15], 0);
    await frames()[0]?.answer(ok({ query: [0, 1] }));
    expect(session.shown.value?.frame.header.query).toEqual([0, 1]);
    expect(model.state.query).toEqual([2, 3]);
    await frames()[1]?.answer(ok({ query: [1, 2] }));
    expect(model.state.query).toEqual([1, 2]);
    expect(frames().length).toBe(2);
  });

  it("says the query in any case after a text of its own, to which the kernel may have fitted it", async () => {
    const { session, frames, model } = open();
    const heard: unknown[] = [];
    model.on("change:query", () => void heard.push(model.state.query));
    await frames()[0]?.answer(ok({ query: [2, 3] }));
    expect(heard).toEqual([]);
    session.edit("The river banks", [15, 15], 0);
    await frames()[1]?.answer(ok({ query: [2, 3] }));
    expect(heard.at(-1)).toEqual([2, 3]);
    session.moveCaret([14, 14]);
    const before = heard.length;
    await frames()[2]?.answer(ok({ query: [2, 3] }));
    expect(heard.length).toBe(before);
  });

  it("never goes back to an older frame", async () => {
    const { session, frames } = open();
    session.edit("The river banks", [15, 15], 0);
    await frames()[1]?.answer(ok({ title: "new" }));
    await frames()[0]?.answer(ok({ title: "old" }));
    expect(session.shown.value?.frame.header.title).toBe("new");
  });

  it("asks anew when Python leads, and once for several traits", async () => {
    const { model, frames } = open();
    model.set("layer", 2);
    model.set("head", 1);
    await Promise.resolve();
    expect(frames().length).toBe(2);
    expect(frames()[1]?.request).toMatchObject({ layer: 2, head: 1 });
  });

  it("asks again when Python sets the same impossible head twice", async () => {
    const { model, frames } = open();
    for (const round of [1, 2]) {
      model.set("layer", 99);
      await Promise.resolve();
      expect(frames().length).toBe(1 + round);
      await frames()[round]?.answer(ok());
      expect(model.state.layer).toBe(0);
    }
  });

  it("does not send a text that would cost the connection", async () => {
    const { session, frames, model } = open();
    session.edit("x".repeat(2_000_000), [0, 0], 0);
    expect(frames().length).toBe(1);
    expect(model.state.text).toBe("The river bank");
    expect(session.problem.value?.code).toBe("too_large");
  });

  it("keeps the view when an error comes, and forgets an error that is outrun", async () => {
    const { session, frames } = open();
    await frames()[0]?.answer(ok());
    session.edit("x", [1, 1], 0);
    session.edit("The", [3, 3], 0);
    await frames()[1]?.answer(tooLong);
    expect(session.problem.value).toBeNull();
    await frames()[2]?.answer(tooLong);
    expect(session.problem.value?.tokens).toBe(800);
    expect(session.shown.value).not.toBeNull();
  });

  it("remembers that the first tokens are wanted while the text is too long", async () => {
    const { session, frames } = open();
    const first = (index: number) => (frames()[index]?.request as { first?: true } | undefined)?.first;
    await frames()[0]?.answer(tooLong);
    session.showFirst();
    expect(first(1)).toBe(true);
    await frames()[1]?.answer(ok({ truncated: { shown: 512, total: 800 } }));
    session.edit("still long", [1, 1], 0);
    expect(first(2)).toBe(true);
    await frames()[2]?.answer(ok());
    session.edit("short", [1, 1], 0);
    expect(first(3)).toBeUndefined();
  });

  it("says that it waits after a second and a half, not before", async () => {
    const { session, frames } = open();
    vi.advanceTimersByTime(1400);
    expect(session.waiting.value).toBe(false);
    vi.advanceTimersByTime(200);
    expect(session.waiting.value).toBe(true);
    await frames()[0]?.answer(ok());
    expect(session.waiting.value).toBe(false);
  });

  it("verifies once, when idle", async () => {
    const { session, asked, frames } = open();
    const verifications = () => asked.filter(({ request }) => request.kind === "verify");
    await frames()[0]?.answer(ok());
    vi.advanceTimersByTime(900);
    session.edit("The", [3, 3], 0);
    vi.advanceTimersByTime(900);
    expect(verifications()).toEqual([]);
    await frames()[1]?.answer(ok());
    vi.advanceTimersByTime(1100);
    expect(verifications().length).toBe(1);
    await verifications()[0]?.answer({ status: "ok", reply: { error: 2e-7, path: "interface" } });
    expect(session.verification.value?.error).toBe(2e-7);
    session.edit("The r", [5, 5], 0);
    await frames()[2]?.answer(ok());
    vi.advanceTimersByTime(5000);
    expect(verifications().length).toBe(1);
  });

  it("verifies a text after all, when the connection was lost meanwhile", async () => {
    const { asked, frames, setClosed } = open();
    const verifications = () => asked.filter(({ request }) => request.kind === "verify");
    await frames()[0]?.answer(ok());
    await vi.advanceTimersByTimeAsync(1000);
    setClosed(true);
    await verifications()[0]?.answer({ status: "error", problem: { code: "closed", message: "Gone." } });
    setClosed(false);
    await frames().at(-1)?.answer(ok());
    await vi.advanceTimersByTimeAsync(1000);
    expect(verifications().length).toBe(2);
  });

  it("leaves a text that is too long to verify to the next one", async () => {
    const { session, asked, frames } = open();
    const verifications = () => asked.filter(({ request }) => request.kind === "verify");
    await frames()[0]?.answer(ok());
    vi.advanceTimersByTime(1100);
    await verifications()[0]?.answer({ status: "ok", reply: null });
    session.moveCaret([1, 1]);
    await frames()[1]?.answer(ok());
    vi.advanceTimersByTime(1100);
    expect(verifications().length).toBe(1); // the same text is not tried twice
    session.edit("The", [3, 3], 0);
    await frames()[2]?.answer(ok());
    vi.advanceTimersByTime(1100);
    await verifications()[1]?.answer({ status: "ok", reply: { error: 3e-7, path: "interface" } });
    expect(session.verification.value?.error).toBe(3e-7);
  });

  it("never verifies eager maps: they are the model's own", async () => {
    const { asked, frames } = open();
    await frames()[0]?.answer(ok({ path: "eager" }));
    vi.advanceTimersByTime(5000);
    expect(asked.filter(({ request }) => request.kind === "verify")).toEqual([]);
  });

  it("asks for the nearest layer that attends, and for the next one by keys", async () => {
    const { session, frames, model } = open();
    await frames()[0]?.answer(ok({ layers: 4, heads: [0, 4, 0, 2], layer: 1 }));
    expect(session.heads.value).toEqual([0, 4, 0, 2]);
    for (const [wish, found] of [
      [0, [1, 3]],
      [2, [1, 3]],
      [3, [3, 1]],
      [99, [3, 1]],
    ] as const) {
      session.pinHead(wish, 3);
      expect(frames().at(-1)?.request).toMatchObject({ layer: found[0], head: found[1] });
      expect([model.state.layer, model.state.head]).toEqual(found);
    }
    expect([nextLayer([0, 4, 0, 2], 1, 1), nextLayer([0, 4, 0, 2], 3, 1)]).toEqual([3, 3]);
    expect([nextLayer([0, 4, 0, 2], 3, -1), nextLayer([0, 4, 0, 2], 1, -1)]).toEqual([1, 1]);
  });

  it("takes over the part that the kernel shows", async () => {
    const { frames, model } = open();
    await frames()[0]?.answer(ok({ part: "encoder", parts: ["encoder", "decoder", "cross"] }));
    expect(model.state.part).toBe("encoder");
  });

  it("asks whether anyone is there when the kernel goes, and starts again when it is back", async () => {
    const { session, asked, frames, setClosed } = open();
    setClosed(true);
    expect(asked.at(-1)?.request.kind).toBe("about");
    setClosed(true);
    setClosed(false);
    expect(frames().length).toBe(2);
    expect(session.closed.value).toBe(false);
  });
});

describe("a session on the kernel's source", () => {
  it("hears that the kernel is back from the question it asked itself", async () => {
    const model = new DemoModel(null, { text: "The river bank", layer: 0, head: 0, query: [2, 3] });
    const sent: { id: string; kind: string }[] = [];
    model.send = (content: object) => void sent.push(content as { id: string; kind: string });
    const life = new AbortController();
    const source = kernelSource(model as never, life.signal);
    const session = new Session(model, source, life.signal);
    session.start();
    model.fire("comm_live_update");
    expect(session.closed.value).toBe(true);
    const frames = () => sent.filter(({ kind }) => kind === "frame").length;
    const before = frames();
    model.fire("msg:custom", { id: sent.at(-1)?.id, status: "progress", done: 0, total: 1 });
    expect(session.closed.value).toBe(false);
    expect(frames()).toBe(before + 1);
    life.abort();
  });
});
