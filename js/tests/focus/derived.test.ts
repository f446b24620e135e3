import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { derive } from "../../src/focus/derived";
import { followPointer } from "../../src/focus/follow-pointer";
import { createLocal } from "../../src/focus/pointer";
import { alone } from "../../src/session/answers/previews";
import { ok, open } from "../opened";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is derived", () => {
  const shown = async (change: Parameters<typeof ok>[0] = {}) => {
    const opened = open();
    await opened.frames()[0]?.answer(ok(change));
    const local = createLocal();
    return { ...opened, local, derived: derive(opened.session, local) };
  };

  it("heats by the square root of the weight, of a sink as of any", async () => {
    const { derived } = await shown();
    expect(Array.from(derived.heat.value?.tones ?? [])).toEqual([Math.fround(Math.SQRT1_2), 0.5, 0.5]);
    expect(derived.heat.value).toMatchObject({ peak: 0.25, full: 1 });
  });

  it("stretches to what is largest of the query where that is wished, of other tokens too, and asks for nothing", async () => {
    const { derived, session, local, asked } = await shown();
    const before = asked.length;
    session.setScale("stretch");
    expect(Array.from(derived.heat.value?.tones ?? [])).toEqual([1, 1, 1]);
    expect(derived.heat.value).toMatchObject({ peak: 0.25, full: 0.25 });
    local.hoverToken.value = 1;
    expect(derived.heat.value).toMatchObject({ peak: 0.5, full: 0.25 });
    expect(derived.full.value).toBe(0.25);
    local.hoverToken.value = null;
    expect(session.traits.look.value).toMatchObject({ scale: "stretch", source: "head" });
    expect(asked).toHaveLength(before);
  });

  it("looks from the hovered token, token 0 too, and comes back", async () => {
    const { derived, local } = await shown();
    local.hoverToken.value = 0;
    expect(derived.focus.value).toEqual([0, 1]);
    expect(Array.from(derived.row.value ?? [])).toEqual([1, 0, 0]);
    expect(Array.from(derived.column.value ?? [])).toEqual([1, 0.5, 0.5]);
    local.hoverToken.value = null;
    expect(Array.from(derived.row.value ?? [])).toEqual([0.5, 0.25, 0.25]);
    local.hoverToken.value = 99;
    expect(derived.focus.value).toEqual([2, 3]);
  });

  it("shows a hovered head from its thumbnail, then exactly", async () => {
    const { session, asked, derived, local } = await shown();
    local.hoverHead.value = { layer: 0, head: 1 };
    expect(derived.map.value).toMatchObject({ exact: false, title: "Layer 0 · Head 1" });
    const request = session.previews.request(alone({ layer: 0, head: 1 }));
    if (request === null) throw new Error("no request");
    void session.previews.ask(request);
    await asked.at(-1)?.answer(ok({ head: 1, title: "exact" }));
    expect(derived.map.value).toMatchObject({ exact: true, title: "exact" });
    local.hoverHead.value = null;
    expect(derived.map.value?.title).toBe("Layer 0 · Head 0");
  });

  it("names the part of a head that is seen from its thumbnail", async () => {
    const { derived, local } = await shown({ part: "encoder" });
    local.hoverHead.value = { layer: 0, head: 1 };
    expect(derived.map.value?.title).toBe("Encoder layer 0 · Head 1");
  });

  it("ranks what is read and who reads, without nothings", async () => {
    const { derived } = await shown();
    expect(derived.reads.value.map(({ token }) => token)).toEqual([0, 1, 2]);
    expect(derived.readBy.value).toEqual([{ token: 2, weight: 0.25 }]);
  });

  it("asks for the predictions of a hovered token only where tokens have their own", async () => {
    for (const [predicts, asks] of [
      ["class", 0],
      ["answer span", 0],
      ["label", 1],
      ["next token", 1],
    ] as const) {
      const { session, asked, derived, local, life } = await shown();
      await asked[0]?.answer({ status: "ok", reply: { model: { predicts, heads: [2] } } });
      followPointer(session, local, derived, life.signal);
      local.hoverToken.value = 1;
      vi.advanceTimersByTime(500);
      expect(asked.filter(({ request }) => request.kind === "predict").length).toBe(asks);
      life.abort();
    }
  });

  it("moves the marks with the text while an answer is on its way", async () => {
    const { session, derived } = await shown();
    session.edit("Oh, The river bank", [3, 3], 0);
    const marks = derived.fields[0].value.segments.flatMap(({ text, mark }) => (mark === null ? [] : [text]));
    expect(marks).toEqual(["The", "river", "bank"]);
  });
});
