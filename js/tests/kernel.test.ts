import { afterEach, describe, expect, it, vi } from "vitest";
import { DemoModel } from "../dev/model";
import { type Channel, kernelSource } from "../src/source/kernel";
import type { FrameRequest } from "../src/wire/types";
import { frameBytes } from "./frames";

const request: FrameRequest = {
  text: "The river bank",
  layer: 0,
  head: 0,
  part: "self",
  direction: "reads",
  source: "head",
  query: [2, 3],
};

function open() {
  const model = new DemoModel(null, {});
  const life = new AbortController();
  const source = kernelSource(model as unknown as Channel, life.signal);
  const sent = () => model.sent as { id: string; kind: string }[];
  const answer = (content: unknown, buffers?: unknown) => model.fire("msg:custom", content, buffers);
  return { model, life, source, sent, answer };
}

afterEach(() => void vi.restoreAllMocks());

describe("the kernel as a source", () => {
  it("sends what is asked, with ids of its own", () => {
    const { source, sent } = open();
    void source.ask({ kind: "frame", ...request });
    void source.ask({ kind: "about" });
    expect(sent()[0]).toMatchObject({ kind: "frame", ...request });
    expect(new Set(sent().map(({ id }) => id)).size).toBe(2);
    expect(open().sent()).toEqual([]);
  });

  it("gives answers to those who asked, in any order", async () => {
    const { source, sent, answer } = open();
    const frame = source.ask({ kind: "frame", ...request });
    const verify = source.ask({ kind: "verify", text: "a" });
    const predict = source.ask({ kind: "predict", text: "a", part: "self", position: 0 });
    const [first, second, third] = sent().map(({ id }) => id);
    answer({ id: third, status: "ok", predictions: null });
    answer({ id: second, status: "ok", verify: { error: 1e-7, path: "interface" } });
    answer({ id: first, status: "ok" }, [new DataView(frameBytes())]);
    expect(await predict).toMatchObject({ status: "ok", reply: null });
    expect(await verify).toMatchObject({ reply: { error: 1e-7 } });
    const answered = await frame;
    expect(answered.status === "ok" && answered.reply.header.title).toBe("Layer 0 · Head 0");
  });

  it("passes on progress, superseded and errors", async () => {
    const { source, sent, answer } = open();
    const progress = vi.fn();
    const one = source.ask({ kind: "frame", ...request }, progress);
    const two = source.ask({ kind: "frame", ...request });
    const [first, second] = sent().map(({ id }) => id);
    answer({ id: first, status: "progress", done: 3, total: 12 });
    answer({ id: first, status: "superseded" });
    answer({ id: second, status: "error", code: "too_long", message: "Too long.", tokens: 800, limit: 512 });
    expect(progress).toHaveBeenCalledWith({ done: 3, total: 12 });
    expect(await one).toEqual({ status: "superseded", id: first });
    expect(await two).toMatchObject({
      problem: { code: "too_long", message: "Too long.", tokens: 800, limit: 512 },
    });
  });

  it("lets garbage pass", async () => {
    const { source, sent, answer } = open();
    const asked = source.ask({ kind: "about" });
    for (const garbage of [null, undefined, 7, "x", [], {}, { id: 3 }, { id: "nobody", status: "ok" }])
      answer(garbage);
    answer({ id: sent()[0]?.id, status: "ok" });
    expect(await asked).toMatchObject({ status: "error", problem: { code: "failed" } });
  });

  it("turns bytes that are no frame into an error that says why", async () => {
    const { source, sent, answer } = open();
    const asked = [1, 2, 3].map(() => source.ask({ kind: "preview", ...request }));
    const [one, two, three] = sent().map(({ id }) => id);
    answer({ id: one, status: "ok" }, [new DataView(new ArrayBuffer(40))]);
    answer({ id: two, status: "ok" }, []);
    answer({ id: three, status: "what" });
    const messages = (await Promise.all(asked)).map(
      (answer) => answer.status === "error" && answer.problem.message,
    );
    expect(messages).toEqual([
      expect.stringMatching(/magic/),
      expect.stringMatching(/without its frame/),
      expect.stringMatching(/unknown kind/),
    ]);
  });

  it("answers everyone when the kernel is gone, and says when it is heard again", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { source, model, sent, answer } = open();
    const told: boolean[] = [];
    source.onClosed((closed) => told.push(closed));
    const asked = source.ask({ kind: "about" });
    model.fire("comm_live_update");
    expect(await asked).toMatchObject({ problem: { code: "closed" } });
    model.send = () => {
      throw new Error("Cannot send");
    };
    expect(await source.ask({ kind: "about" })).toMatchObject({ problem: { code: "closed" } });
    Reflect.deleteProperty(model, "send");
    void source.ask({ kind: "about" });
    answer({ id: sent().at(-1)?.id, status: "progress", done: 0, total: 1 });
    expect(told).toEqual([true, true, false]);
  });

  it("leaves nothing behind", () => {
    const { model, life } = open();
    life.abort();
    expect([...model.listeners.values()].every((known) => known.size === 0)).toBe(true);
  });
});
