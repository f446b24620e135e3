import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { derive } from "../../src/focus/derived";
import { createLocal } from "../../src/focus/pointer";
import { followHeads } from "../../src/heads/metrics";
import { searchOf } from "../../src/heads/search";
import { follow, type Wish } from "../../src/session/answers/follow";
import { followStage } from "../../src/views/registry";
import { settle } from "../clock";
import { ok, open } from "../opened";

const read = (reading = "one", change = {}) => ({ ...ok(change), reading });

async function opened(state = {}) {
  const found = open(state);
  const { session, asked, life } = found;
  const local = createLocal();
  const view = { session, local, derived: derive(session, local), abort: life.signal } as never;
  await found.frames()[0]?.answer(read());
  const of = (kind: string) => asked.filter(({ request }) => request.kind === kind);
  return { ...found, local, view, of };
}

describe("a follower", () => {
  const request = { text: "a", reading: "one" };
  const wish = (name: string, delay = 0): Wish => ({ kind: "strip", key: `one\n${name}`, request, delay });

  async function following() {
    const found = await opened();
    const wishes = signal<readonly Wish[]>([]);
    const left = new AbortController();
    follow(found.session, left.signal, () => wishes.value);
    const strips = () => found.of("strip");
    const gone = () => strips().map(({ asking }) => asking?.signal?.aborted);
    return { ...found, wishes, left, strips, gone };
  }

  it("asks for one thing at a time, the first that is not there", async () => {
    const { wishes, strips, session } = await following();
    session.memory.put("strip", wish("a").key, "known");
    wishes.value = [wish("a"), wish("b", 40), wish("c")];
    await settle(30);
    expect(strips()).toEqual([]);
    await settle(30);
    wishes.value = [...wishes.peek()];
    await settle();
    expect(strips().length).toBe(1);
    await strips()[0]?.answer({ status: "ok", reading: "one", reply: "b" });
    await settle();
    expect(session.memory.peek("strip", wish("b").key)).toBe("b");
    expect(strips().length).toBe(2);
  });

  it("lets go of what is not the first wish any more, and may ask for it again at once", async () => {
    const { wishes, strips, gone } = await following();
    wishes.value = [wish("a")];
    await settle();
    wishes.value = [wish("a"), wish("b")];
    await settle();
    expect(gone()).toEqual([false]);
    wishes.value = [wish("b"), wish("a")];
    await strips()[0]?.answer({ status: "superseded" });
    await settle(1);
    expect(gone()).toEqual([true, false]);
    wishes.value = [wish("a")];
    await settle(1);
    expect(gone()).toEqual([true, true, false]);
  });

  it("lets go of everything when its view is left, and asks no more", async () => {
    const { wishes, left, gone } = await following();
    wishes.value = [wish("a")];
    await settle();
    left.abort();
    wishes.value = [wish("b")];
    await settle();
    expect(gone()).toEqual([true]);
  });

  it("keeps what is answered in spite of it, and waits for what another one has asked", async () => {
    const { wishes, strips, session, left } = await following();
    const other = new AbortController();
    follow(session, other.signal, () => wishes.value);
    wishes.value = [wish("a")];
    await settle();
    expect(strips().length).toBe(1);
    left.abort();
    await strips()[0]?.answer({ status: "superseded" });
    await settle();
    expect(strips().length).toBe(2); // the other view still looks
    other.abort();
    await strips()[1]?.answer({ status: "ok", reading: "one", reply: "late" });
    expect(session.memory.peek("strip", wish("a").key)).toBe("late");
  });
});

describe("a kernel is free sooner", () => {
  it("when the flow is left, or another text is on its way", async () => {
    const { session, view, of, asked, frames } = await opened({ view: "flow" });
    followStage(view);
    await settle();
    session.pinHead(0, 1); // the flow is that of all heads: nothing has changed for it
    await frames()
      .at(-1)
      ?.answer(read("one", { head: 1 }));
    await settle();
    expect(of("flow").map(({ asking }) => asking?.signal?.aborted)).toEqual([false]);
    session.setView("matrix");
    expect(of("flow")[0]?.asking?.signal?.aborted).toBe(true);
    await of("flow")[0]?.answer({ status: "superseded" });
    session.setView("flow");
    await settle();
    const before = asked.length;
    let letGo = Number.NaN;
    of("flow")[1]?.asking?.signal?.addEventListener("abort", () => {
      letGo = asked.length;
    });
    session.edit("The river", [9, 9], 0);
    expect([letGo, asked.length]).toEqual([before, before + 1]); // the new text is asked for after that
    await of("flow")[1]?.answer({ status: "superseded" });
    await settle(2000);
    expect(of("flow").length).toBe(2);
    // It cannot be read: the older one is still on show.
    await frames()
      .at(-1)
      ?.answer({ status: "error", problem: { code: "too_long", message: "Too long." } });
    await settle();
    expect(of("flow").length).toBe(3);
  });

  it("when the pointer goes on to another token's layers", async () => {
    const { view, local, of } = await opened({ view: "layers" });
    followStage(view);
    await settle();
    await of("strip")[0]?.answer({ status: "ok", reading: "one", reply: { tokens: 3, layers: 1 } });
    local.hoverToken.value = 0;
    await settle();
    local.hoverToken.value = 1;
    expect(of("strip").map(({ asking }) => asking?.signal?.aborted)).toEqual([false, true]);
  });

  it("when heads are looked for by something else", async () => {
    const { session, life, of } = await opened({ view: "model" });
    followHeads(session, life.signal);
    await settle();
    searchOf(session).choose("entropy");
    await of("metric")[0]?.answer({ status: "superseded" });
    await settle(600);
    expect(of("metric").map(({ asking }) => asking?.signal?.aborted)).toEqual([true, false]);
    expect(of("metric")[1]?.request).toMatchObject({ name: "entropy" });
  });
});
