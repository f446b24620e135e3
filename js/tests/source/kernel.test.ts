import { afterEach, describe, expect, it, vi } from "vitest";
import { DemoModel } from "../../dev/model";
import { type Channel, kernelSource } from "../../src/source/kernel";
import type { FrameRequest } from "../../src/wire/types";
import { frameBytes } from "../frames";

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

  it("sends bytes along where a question has some", () => {
    const { model, source } = open();
    const send = vi.spyOn(model, "send");
    const png = new ArrayBuffer(8);
    void source.ask({ kind: "still", caption: "Lines" }, { buffers: [png] });
    expect(send.mock.lastCall).toEqual([expect.objectContaining({ caption: "Lines" }), undefined, [png]]);
    void source.ask({ kind: "still" });
    expect(send.mock.lastCall?.length).toBe(1);
  });

  it("hears of other answers to the frame that was asked last, and of none to those before it", async () => {
    const { source, sent, answer } = open();
    const heard: string[] = [];
    const ask = async (name: string) => {
      const asked = source.ask(
        { kind: "frame", ...request },
        { onRenewed: (found) => heard.push(`${name} ${found.reading}`) },
      );
      const id = sent().at(-1)?.id;
      answer({ id, status: "ok", reading: "a" }, [new DataView(frameBytes())]);
      await asked;
      return (reading: string) => answer({ id, status: "renewed", reading }, [new DataView(frameBytes())]);
    };
    const renewFirst = await ask("first");
    renewFirst("b");
    renewFirst("c");
    const renewSecond = await ask("second");
    renewFirst("d");
    renewSecond("e");
    expect(heard).toEqual(["first b", "first c", "second e"]);
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
    const one = source.ask({ kind: "frame", ...request }, { onProgress: progress });
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

  it("lets go of a question at once, tells the kernel, and ignores what comes later", async () => {
    const { source, sent, answer } = open();
    const wanted = new AbortController();
    const progress = vi.fn();
    const asking = { signal: wanted.signal, onProgress: progress, onPartial: progress };
    const flow = source.ask({ kind: "flow", text: "a", part: "self", position: 0 }, asking);
    const other = source.ask({ kind: "about" });
    wanted.abort();
    const [first, second] = sent().map(({ id }) => id);
    expect(await flow).toEqual({ status: "superseded", id: first });
    expect(sent().slice(2)).toEqual([{ id: first, kind: "cancel" }]);
    for (const status of ["progress", "partial", "ok", "superseded"]) answer({ id: first, status });
    expect(progress).not.toHaveBeenCalled();
    answer({ id: second, status: "ok", about: {} });
    expect(await other).toMatchObject({ status: "ok" });
  });

  it("asks nothing that is let go already, and lets go of nothing that was answered", async () => {
    const { source, sent, answer } = open();
    const asked = { kind: "predict", text: "a", part: "self", position: 0 } as const;
    expect(await source.ask(asked, { signal: AbortSignal.abort() })).toMatchObject({ status: "superseded" });
    expect(sent()).toEqual([]);
    const wanted = new AbortController();
    const predict = source.ask(asked, { signal: wanted.signal });
    answer({ id: sent()[0]?.id, status: "ok", predictions: null });
    wanted.abort();
    expect(await predict).toMatchObject({ status: "ok" });
    expect(sent().length).toBe(1);
  });

  it("hands on the parts of an answer before the whole, to those who asked for them", async () => {
    const { source, sent, answer } = open();
    const parts: unknown[] = [];
    const metric = { kind: "metric", text: "a", part: "self", name: "entropy" } as const;
    const asked = source.ask(metric, {
      onPartial: (part) => void parts.push([part.reading, ...part.reply.values]),
    });
    const plain = source.ask(metric);
    expect(sent().map((content) => "partial" in content)).toEqual([true, false]);
    const told = {
      name: "entropy",
      unit: "nats",
      low: 0,
      high: 1,
      recipe: "",
      layers: 2,
      heads: 1,
      labels: null,
    };
    const say = (status: string, ...values: number[]) =>
      answer({ id: sent()[0]?.id, status, reading: "r", metric: told }, [
        new DataView(Float32Array.from(values).buffer),
      ]);
    say("partial", 1, Number.NaN);
    say("partial"); // without its numbers: it is let pass
    say("partial", 1, 0.5);
    say("ok", 1, 0);
    say("partial", 9, 9);
    expect(parts).toEqual([
      ["r", 1, Number.NaN],
      ["r", 1, 0.5],
    ]);
    expect(await asked).toMatchObject({ status: "ok", reply: { values: Float32Array.of(1, 0) } });
    // Nobody asked this kernel for parts.
    answer({ id: sent()[1]?.id, status: "partial" });
    expect(await plain).toMatchObject({ problem: { message: expect.stringMatching(/unknown kind/) } });
  });

  it("leaves nothing behind", () => {
    const { model, life } = open();
    life.abort();
    expect([...model.listeners.values()].every((known) => known.size === 0)).toBe(true);
  });
});
