import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { Frames } from "../../src/session/asking/frames";
import { Knocks } from "../../src/session/asking/knocks";
import { Lead } from "../../src/session/lead";
import type { Asking } from "../../src/wire/answer";
import type { Frame, FrameRequest } from "../../src/wire/types";
import { settle } from "../clock";
import { ok } from "../opened";

/** Frames by themselves: the test says what would be asked, and answers. */
function frames() {
  const out: { asking: Asking<Frame>; answer: (content: object) => Promise<void> }[] = [];
  const heard: unknown[] = [];
  const request = { layer: 0 };
  const ask = (_request: object, asking: Asking<Frame>) =>
    new Promise((resolve) => {
      const answer = async (content: object) => {
        resolve(content);
        await settle(0);
      };
      out.push({ asking, answer });
    });
  const life = new AbortController();
  const found = new Frames(ask as never, life.signal, () => ({ ...request }) as FrameRequest, {
    onFrame: (_answer, { order, newest, editedAt }) => void heard.push([order, newest, editedAt]),
    onProblem: ({ code }) => void heard.push(code),
  });
  return { found, out, heard, request, life };
}

describe("frames", () => {
  it("are not asked for twice in a row, unless it was in vain", () => {
    const { found, out, request } = frames();
    found.ask();
    found.ask();
    expect(out.length).toBe(1);
    found.ask(undefined, true);
    request.layer = 1;
    found.ask();
    found.askAnew();
    expect(out.length).toBe(4);
  });

  it("come in order: what is older than the last one is dropped, and only the newest may fail", async () => {
    const { found, out, heard, request } = frames();
    for (const layer of [0, 1, 2]) {
      request.layer = layer;
      found.ask(10 * layer);
    }
    expect(found.out.value).toBe(true);
    await out[1]?.answer(ok());
    await out[0]?.answer(ok());
    expect(found.out.value).toBe(true);
    await out[2]?.answer({ status: "error", problem: { code: "too_long", message: "" } });
    expect(heard).toEqual([[2, false, 10], "too_long"]);
    expect(found.out.value).toBe(false);
  });

  it("end with the newest, however somebody types and in whatever order answers come", async () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 40; round++) {
      const { found, out, heard, request } = frames();
      const open = new Set<number>();
      while (out.length < 30 || open.size > 0) {
        if (out.length < 30 && (open.size === 0 || random(3) > 0)) {
          request.layer = out.length;
          found.ask(out.length);
          open.add(out.length - 1);
        } else {
          const number = [...open][random(open.size)] as number;
          open.delete(number);
          const typedOn = number < out.length - 1;
          await out[number]?.answer(typedOn && random(2) === 0 ? { status: "superseded" } : ok());
        }
      }
      const orders = (heard as [number, boolean, number][]).map(([order]) => order);
      expect(orders).toEqual([...new Set(orders)].sort((one, other) => one - other));
      expect(heard.at(-1)).toEqual([30, true, 29]);
      expect(found.out.value).toBe(false);
    }
  });

  it("are waited for in patience, and what an older question says of its progress is nothing", async () => {
    const { found, out, request } = frames();
    found.ask();
    request.layer = 1;
    found.ask();
    out[0]?.asking.onProgress?.({ done: 1, total: 2 });
    expect(found.progress.value).toBeNull();
    out[1]?.asking.onProgress?.({ done: 1, total: 2 });
    expect(found.progress.value).toEqual({ done: 1, total: 2 });
    await settle(1600);
    expect(found.waiting.value).toBe(true);
    found.giveUp();
    expect([found.waiting.value, found.progress.value, found.out.value]).toEqual([false, null, false]);
  });

  it("are waited for anew with every one that comes: whoever types on sees something", async () => {
    const { found, out, request } = frames();
    for (let layer = 0; layer < 8; layer++) {
      request.layer = layer;
      found.ask();
      await settle(400);
      if (layer > 0) await out[layer - 1]?.answer(ok());
      expect([found.waiting.value, found.out.value]).toEqual([false, true]);
    }
    await settle(1600);
    expect(found.waiting.value).toBe(true);
    await out[7]?.answer(ok());
    expect([found.waiting.value, found.out.value]).toEqual([false, false]);
  });

  it("hear nothing only where nobody has said anything for long, to whatever question", async () => {
    const { found } = frames();
    found.heard();
    await settle(6000);
    expect(found.silent.value).toBe(false); // nothing is asked
    found.ask();
    await settle(4000);
    found.heard();
    await settle(4000);
    expect([found.waiting.value, found.silent.value]).toEqual([true, false]);
    await settle(1100);
    expect(found.silent.value).toBe(true);
    found.heard();
    expect(found.silent.value).toBe(false);
    await settle(5100);
    expect(found.silent.value).toBe(true);
    found.giveUp();
    await settle(6000);
    expect(found.silent.value).toBe(false);
  });

  it("are asked for anew when the kernel let go of the newest, ever more seldom, or with what is done next", async () => {
    const { found, out } = frames();
    found.ask();
    await out[0]?.answer({ status: "superseded" });
    await settle(210);
    expect(out.length).toBe(2);
    await out[1]?.answer({ status: "changed" });
    await settle(210);
    expect(out.length).toBe(2);
    found.hurry();
    found.ask();
    expect(out.length).toBe(3);
    await settle(5000);
    expect(out.length).toBe(3);
  });

  it("are nobody's after the end", async () => {
    const { found, out, heard, life } = frames();
    found.ask();
    life.abort();
    await out[0]?.answer(ok());
    expect(heard).toEqual([]);
  });
});

describe("knocks", () => {
  it("are one at a time, ever more seldom, and end when somebody is there", async () => {
    const closed = signal(true);
    let knocks = 0;
    const found = new Knocks(
      async () => {
        knocks++;
      },
      closed,
      new AbortController().signal,
    );
    void found.begin();
    void found.begin();
    expect(knocks).toBe(1);
    await settle(1010);
    expect(knocks).toBe(2);
    await settle(1010);
    expect(knocks).toBe(2);
    closed.value = false;
    found.end();
    await settle(60_000);
    expect(knocks).toBe(2);
  });
});

describe("who leads", () => {
  const frame = ok({ query: [1, 2] }).reply;
  const caret = { span: [9, 9], field: 0 } as const;

  it("is the caret until something is pinned", () => {
    const lead = new Lead();
    expect(lead.asked(frame, [2, 3])).toEqual({ query: [2, 3] });
    lead.takeAt(caret);
    expect(lead.isAt(caret)).toBe(true);
    expect(lead.asked(frame, [2, 3])).toEqual({ caret: [9, 9] });
    expect(lead.adopt(frame, [2, 3]).written.query).toEqual([1, 2]);
    lead.pin();
    expect(lead.asked(frame, [2, 3])).toEqual({ query: [2, 3] });
  });

  it("says the query in any case after a text of its own, once", () => {
    const lead = new Lead();
    lead.takeAt(caret);
    lead.fit();
    expect([1, 2].map(() => lead.adopt(frame, [1, 2]).doubted)).toEqual([["query"], []]);
  });

  it("is Python where it did the last thing: then the query is kept in this page", () => {
    const lead = new Lead();
    lead.takeAt(caret);
    lead.yieldTo("layer", true); // what was written here is still out
    expect(lead.adopt(frame, [2, 3]).kept).toEqual({});
    lead.yieldTo("query", true);
    const { kept, written } = lead.adopt(frame, [2, 3]);
    expect(kept).toHaveProperty("query");
    expect(written).not.toHaveProperty("query");
    lead.take();
    expect(lead.adopt(frame, [2, 3]).kept).toEqual({});
  });
});
