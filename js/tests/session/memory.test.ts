import { effect } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { derive } from "../../src/focus/derived";
import { followPointer } from "../../src/focus/follow-pointer";
import { createLocal } from "../../src/focus/pointer";
import { stripAt, stripWish } from "../../src/focus/strips";
import { metricAt } from "../../src/heads/metrics";
import { keyOf, Memory } from "../../src/session/answers/memory";
import { weigh } from "../../src/session/answers/weigh";
import type { Asking } from "../../src/wire/answer";
import { ok, open } from "../opened";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const texts = { text: "a", reading: "one" };
const key = (...asked: unknown[]) => keyOf(texts, ...asked);
const failed = (code: string) => ({ status: "error", problem: { code, message: `It is ${code}.` } });

/** A memory whose questions the test answers. */
function asking(limit?: number) {
  const asked: { request: object; asking: Asking<unknown>; answer: (content: object) => Promise<void> }[] =
    [];
  const told: boolean[] = [];
  const closed = { value: false };
  const ask = (request: object, asking: Asking<unknown>) =>
    new Promise((resolve) => {
      const answer = async (content: object) => {
        resolve({ id: "1", ...content });
        await vi.advanceTimersByTimeAsync(0);
      };
      asked.push({ request, asking, answer });
    });
  const life = new AbortController();
  const memory = new Memory(
    ask as never,
    life.signal,
    closed as never,
    (same) => void told.push(same),
    limit,
  );
  return { memory, asked, told, life, closed };
}

describe("a key", () => {
  it("names the reading and what is asked, and never grows with the text", () => {
    const long = keyOf({ text: "x".repeat(100_000), reading: "one" }, 1, [2, 3]);
    expect(long.length).toBeLessThan(40);
    expect(keyOf({ text: "x", reading: "two" }, 1, [2, 3])).not.toBe(long);
  });
});

describe("the memory", () => {
  it("is bounded in bytes, and forgets what was not looked at for longest", () => {
    const { memory } = asking(5000);
    for (let index = 0; index < 20; index++) {
      memory.put("preview", key(index), new Float32Array(250));
      memory.peek("preview", key(0));
    }
    expect(memory.bytes).toBeLessThanOrEqual(5000);
    expect(memory.peek("preview", key(0))).toBeDefined();
    expect(memory.peek("preview", key(19))).toBeDefined();
    expect(memory.peek("preview", key(1))).toBeUndefined();
    memory.put("preview", key("large"), new Float32Array(10_000));
    expect(memory.peek("preview", key("large"))).toBeDefined(); // else it would be asked for over and over
  });

  it("weighs what is held on to: a buffer once, however many views there are of it", () => {
    const buffer = new ArrayBuffer(4000);
    const views = [new Float32Array(buffer, 0, 10), new Float32Array(buffer, 400, 10)];
    expect(weigh({ views })).toBeGreaterThanOrEqual(4000);
    expect(weigh({ views })).toBeLessThan(4200);
    expect(weigh(new Map([[1, new Float32Array(100)]]))).toBeGreaterThanOrEqual(400);
  });

  it("drops what is of another reading", () => {
    const { memory } = asking();
    memory.put("strip", key(1), new Float32Array(100));
    memory.put("strip", keyOf({ text: "a", reading: "two" }, 1), new Float32Array(100));
    const before = memory.bytes;
    memory.turn("two");
    expect(memory.peek("strip", key(1))).toBeUndefined();
    expect(memory.peek("strip", keyOf({ text: "a", reading: "two" }, 1))).toBeDefined();
    expect(memory.bytes).toBe(before / 2);
  });

  it.each([
    { status: "ok", reading: "one", reply: new Float32Array(1000) },
    { status: "changed" },
    { status: "superseded" },
    failed("too_large"),
  ])("lets an answer pass that comes when another reading is shown: $status", async (answer) => {
    const { memory, asked, told } = asking();
    const seen: number[] = [];
    const wanted: boolean[] = [];
    memory.turn("one");
    void memory.ask("strip", key(1), texts);
    void memory.ask("tile", key(2), texts, { keep: (tile) => memory.put("tile", key(3), tile) });
    memory.turn("two");
    effect(() => void seen.push(memory.revision("strip")));
    effect(() => void wanted.push(memory.wants("strip", key(1))));
    for (const { answer: say } of asked) await say(answer);
    expect(memory.bytes).toBe(0);
    expect(told).toEqual([]);
    expect(memory.problem("strip", key(1))).toBeNull();
    expect(wanted.at(-1)).toBe(true); // nothing was learnt, and nobody waits for it any more
    expect(memory.busy("strip")).toBe(false);
    expect(seen.length).toBe(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.length).toBe(2);
  });

  it("asks once, and wakes whoever looks at that kind", async () => {
    const { memory, asked, told } = asking();
    const seen: unknown[] = [];
    effect(() => void seen.push(memory.get("flow", key(1))));
    void memory.ask("flow", key(1), texts);
    void memory.ask("flow", key(1), texts);
    expect(asked.length).toBe(1);
    await asked[0]?.answer({ status: "ok", reading: "one", reply: "a flow" });
    expect(seen.at(-1)).toBe("a flow");
    expect(told).toEqual([true]);
    void memory.ask("flow", key(1), texts);
    expect(asked.length).toBe(1);
  });

  it.each([{ status: "changed" }, { status: "ok", reading: "two", reply: "of other weights" }])(
    "never keeps what is of another reading: $status",
    async (answer) => {
      const { memory, asked, told } = asking();
      void memory.ask("metric", key(1), texts);
      await asked[0]?.answer(answer);
      expect(memory.peek("metric", key(1))).toBeUndefined();
      expect(told).toEqual([false]);
      expect(memory.wants("metric", key(1))).toBe(false); // before the next frame it would be in vain
      memory.turn("one");
      expect(memory.wants("metric", key(1))).toBe(true);
    },
  );

  it("lets what gave way be asked again soon, without a word", async () => {
    const { memory, asked } = asking();
    const wanted: boolean[] = [];
    effect(() => void wanted.push(memory.wants("strip", key(1))));
    void memory.ask("strip", key(1), texts);
    await asked[0]?.answer({ status: "superseded" });
    expect(wanted.at(-1)).toBe(false);
    expect(memory.problem("strip", key(1))).toBeNull();
    vi.advanceTimersByTime(200);
    expect(wanted.at(-1)).toBe(true);
  });

  it("lets what gives way over and over wait longer, but not long, and soon again when something else was answered", async () => {
    const { memory, asked } = asking();
    const giveWay = async () => {
      void memory.ask("strip", key(1), texts);
      await asked.at(-1)?.answer({ status: "superseded" });
      const before = Date.now();
      while (!memory.wants("strip", key(1))) vi.advanceTimersByTime(50);
      return Date.now() - before;
    };
    const waited: number[] = [];
    for (let round = 0; round < 12; round++) waited.push(await giveWay());
    expect(waited[0]).toBe(150);
    expect(waited).toEqual([...waited].sort((one, other) => one - other));
    expect(waited.at(-1)).toBe(1200);
    void memory.ask("flow", key(2), texts);
    await asked.at(-1)?.answer({ status: "ok", reply: "a flow" });
    expect(await giveWay()).toBe(150);
    // That it gave way does not count as a failure.
    void memory.ask("strip", key(1), texts);
    await asked.at(-1)?.answer(failed("failed"));
    vi.advanceTimersByTime(1000);
    expect(memory.wants("strip", key(1))).toBe(true);
  });

  it("lets what failed be asked again after ever longer, never for good", async () => {
    const { memory, asked } = asking();
    const waited: number[] = [];
    for (let round = 0; round < 9; round++) {
      void memory.ask("neuron", key(1), texts);
      await asked.at(-1)?.answer(failed("failed"));
      expect(memory.problem("neuron", key(1))).toBe("It is failed.");
      const before = Date.now();
      while (!memory.wants("neuron", key(1))) vi.advanceTimersByTime(500);
      waited.push(Date.now() - before);
    }
    expect(asked.length).toBe(9);
    expect(waited[0]).toBeLessThanOrEqual(1000);
    expect(waited).toEqual([...waited].sort((one, other) => one - other));
    expect(waited.at(-1)).toBe(30_000);
  });

  it("shows parts until the whole is there, and takes them for nothing more", async () => {
    const { memory, asked } = asking();
    const seen: unknown[] = [];
    effect(() => void seen.push(memory.part("metric", key(1))));
    const part = (reply: string, reading = "one") =>
      asked.at(-1)?.asking.onPartial?.({ status: "ok", id: "1", reading, reply });
    void memory.ask("metric", key(1), texts, { parts: true });
    part("a");
    part("of other weights", "two");
    part("a b");
    expect(memory.get("metric", key(1))).toBeUndefined();
    await asked[0]?.answer({ status: "superseded" }); // it gave way: what was heard is as true as before
    expect(memory.part("metric", key(1))).toBe("a b");
    vi.advanceTimersByTime(200);
    void memory.ask("metric", key(1), texts, { parts: true });
    await asked[1]?.answer({ status: "ok", reading: "one", reply: "a b c" });
    part("late");
    expect(seen.filter((value, at) => at === 0 || value !== seen[at - 1])).toEqual([
      undefined,
      "a",
      "a b",
      "a b c",
    ]);
    void memory.ask("strip", key(2), texts);
    expect(asked.at(-1)?.asking.onPartial).toBeUndefined();
  });

  it("says how far the kernel is with a question, as long as it is out", async () => {
    const { memory, asked } = asking();
    const seen: unknown[] = [];
    effect(() => void seen.push(memory.progress("flow", key(1))?.done));
    void memory.ask("flow", key(1), texts);
    asked[0]?.asking.onProgress?.({ done: 3, total: 30 });
    expect(memory.progress("flow", key(2))).toBeNull();
    await asked[0]?.answer({ status: "ok", reading: "one", reply: "a" });
    asked[0]?.asking.onProgress?.({ done: 4, total: 30 });
    expect(seen.filter((value, at) => value !== seen[at - 1])).toEqual([3, undefined]);
  });

  it("drops parts of what was refused, and of another reading", async () => {
    const { memory, asked } = asking();
    const say = (at: number) =>
      asked[at]?.asking.onPartial?.({ status: "ok", id: "1", reading: "one", reply: "a" });
    memory.turn("one");
    void memory.ask("metric", key(1), texts, { parts: true });
    void memory.ask("metric", key(2), texts, { parts: true });
    say(0);
    say(1);
    memory.turn("one");
    await asked[0]?.answer(failed("failed"));
    expect([1, 2].map((name) => memory.part("metric", key(name)))).toEqual([undefined, "a"]);
    memory.turn("two");
    say(1);
    expect(memory.part("metric", key(2))).toBeUndefined();
  });

  it("takes a lost connection for no refusal", async () => {
    const { memory, asked } = asking();
    void memory.ask("neuron", key(1), texts);
    await asked[0]?.answer(failed("closed"));
    expect(memory.problem("neuron", key(1))).toBeNull();
    expect(memory.wants("neuron", key(1))).toBe(true);
  });

  it("asks nobody who is gone, and says so", () => {
    const { memory, closed } = asking();
    closed.value = true;
    expect(memory.wants("neuron", key(1))).toBe(false);
    expect(memory.problem("neuron", key(1))).toMatch(/restarted or has ended/);
  });

  it("changes nothing after the end", async () => {
    const { memory, asked, life } = asking();
    void memory.ask("flow", key(1), texts);
    life.abort();
    await asked[0]?.answer({ status: "ok", reply: "late" });
    expect(memory.peek("flow", key(1))).toBeUndefined();
  });
});

describe("a session", () => {
  const read = (reading: string, change = {}) => ({ ...ok(change), reading });

  it("asks about what is shown by its reading, and shows nothing of another one", async () => {
    const { session, frames, asked } = open();
    await frames()[0]?.answer(read("old"));
    const wish = () => stripWish(session, [1, 2], "reads", 0);
    expect(wish()?.request).toMatchObject({ reading: "old", text: "The river bank" });
    const metric = { text: "The river bank", reading: "old" };
    session.memory.put("metric", keyOf(metric, "entropy", "self"), { values: Float32Array.of(1) });
    expect(metricAt(session, "entropy")).not.toBeNull();
    session.moveCaret([1, 1]);
    // The same text, read by other weights.
    await frames()[1]?.answer(read("new"));
    expect(metricAt(session, "entropy")).toBeNull();
    expect(wish()?.request).toMatchObject({ reading: "new" });
    expect(stripAt(session, wish())?.exact ?? false).toBe(false);
    expect(asked.filter(({ request }) => request.kind === "frame").length).toBe(2);
  });

  it("asks for a frame when it hears that the model was trained", async () => {
    const { session, frames, asked } = open();
    await frames()[0]?.answer(read("old"));
    const request = session.previews.request({ layer: 0, head: 1, source: "head", chosen: [[0, 1]] });
    if (request === null) throw new Error("nothing is shown");
    void session.previews.ask(request);
    await asked.at(-1)?.answer({ status: "changed" });
    vi.advanceTimersByTime(300);
    expect(frames().length).toBe(2);
    await frames()[1]?.answer(read("new"));
    expect(session.shown.value?.reading).toBe("new");
  });

  it("does not chase a model that changes with every pass", async () => {
    const { session, frames, asked } = open();
    await frames()[0]?.answer(read("0"));
    for (let second = 0; second < 120; second++) {
      const request = session.previews.request({ layer: 0, head: 1, source: "head", chosen: [[0, 1]] });
      if (request !== null && session.previews.wants(request)) {
        void session.previews.ask(request);
        await asked.at(-1)?.answer({ status: "changed" });
      }
      vi.advanceTimersByTime(1000);
      await frames()
        .at(-1)
        ?.answer(read(String(second)));
    }
    expect(frames().length).toBeLessThan(15);
    session.pinHead(0, 1); // somebody who does something is answered at once
    const before = frames().length;
    session.pinHead(0, 0);
    expect(frames().length).toBe(before + 1);
  });

  it("asks again for a frame that was superseded by somebody else", async () => {
    const { frames } = open();
    await frames()[0]?.answer({ status: "superseded" });
    expect(frames().length).toBe(1);
    vi.advanceTimersByTime(300);
    expect(frames().length).toBe(2);
    expect(frames()[1]?.request).toEqual(frames()[0]?.request);
  });

  it("takes every frame of a kernel that names no readings for one by itself", async () => {
    const { session, frames } = open();
    await frames()[0]?.answer(ok());
    const first = session.shown.value?.reading;
    session.moveCaret([1, 1]);
    await frames()[1]?.answer(ok());
    expect(session.shown.value?.reading).not.toBe(first);
  });

  it("knocks again after a connection broke, and asks for everything when it is heard", async () => {
    const { session, asked, frames, setClosed } = open();
    await frames()[0]?.answer(read("old"));
    const closedNow = failed("closed");
    setClosed(true);
    const abouts = () => asked.filter(({ request }) => request.kind === "about");
    await abouts().at(-1)?.answer(closedNow);
    const before = abouts().length;
    vi.advanceTimersByTime(1100);
    expect(abouts().length).toBe(before + 1);
    setClosed(false);
    expect(frames().length).toBe(2);
    expect(session.memory.wants("neuron", keyOf({ text: "", reading: "old" }, 1))).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(abouts().length).toBe(before + 1);
  });

  it("does not knock for ever", async () => {
    const { asked, setClosed } = open();
    setClosed(true);
    const abouts = () => asked.filter(({ request }) => request.kind === "about");
    for (let round = 0; round < 40; round++) {
      await abouts().at(-1)?.answer(failed("closed"));
      vi.advanceTimersByTime(31_000);
    }
    expect(abouts().length).toBeLessThan(12);
  });
});

describe("two views of one session", () => {
  it("ask as two, so that neither puts off the other, and a head that rests under a pointer is asked for in every new frame", async () => {
    const { session, frames, asked, life } = open();
    const views = [createLocal(), createLocal()];
    for (const local of views) followPointer(session, local, derive(session, local), life.signal);
    await frames()[0]?.answer({ ...ok(), reading: "one" });
    const previews = () => asked.filter(({ request }) => request.kind === "preview");
    for (const [head, local] of views.entries()) local.hoverHead.value = { layer: 0, head };
    vi.advanceTimersByTime(100);
    const askers = previews().map(({ request }) => (request as { asker?: string }).asker);
    expect(new Set(askers).size).toBe(2);
    // One of them is put off by an older kernel: whoever still looks asks again.
    await previews()[0]?.answer({ status: "superseded" });
    await previews()[1]?.answer({ ...ok({ head: 1 }), reading: "one" });
    vi.advanceTimersByTime(400);
    expect(previews().length).toBe(3);
    await previews()[2]?.answer({ ...ok(), reading: "one" });
    session.edit("The river bank ", [15, 15], 0);
    await frames()[1]?.answer({ ...ok(), reading: "two" });
    vi.advanceTimersByTime(100);
    expect(previews().length).toBe(5);
    expect(previews()[4]?.request).toMatchObject({ reading: "two" });
    life.abort();
  });
});
