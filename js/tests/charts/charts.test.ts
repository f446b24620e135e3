import { describe, expect, it, vi } from "vitest";
import { loadOnce } from "../../src/session/answers/charts";
import { linkSources } from "../../src/session/links";
import { settle } from "../clock";
import { ok, open } from "../opened";
import { FakeSource, heads } from "./chart-source";

async function linked(source: FakeSource, state: Record<string, unknown> = {}) {
  const opened = open(state);
  await opened.frames()[0]?.answer(ok({ layers: 2, heads: [2, 2], query: [2, 3] }));
  linkSources([{ name: "other" }, source], opened.session, opened.life.signal);
  return opened;
}

describe("a linked chart", () => {
  it("begins at the explorer's head and follows it", async () => {
    const source = new FakeSource("attnwidget.heads", heads);
    const { model, session } = await linked(source);
    expect(source.selected.indices).toEqual([0]);
    model.set("layer", 1);
    expect(source.selected.indices).toEqual([2]);
    session.pinHead(1, 1);
    expect(source.selected.indices).toEqual([3]);
  });

  it("pins the head that is tapped, once, and is not answered back", async () => {
    const source = new FakeSource("attnwidget.heads", heads);
    const { model, frames } = await linked(source);
    const before = [frames().length, source.marked];
    await source.tap(3);
    expect([model.state.layer, model.state.head]).toEqual([1, 1]);
    expect([frames().length, source.marked]).toEqual(before.map((count) => (count as number) + 1));
    await settle(5);
    expect([frames().length, source.marked]).toEqual(before.map((count) => (count as number) + 1));
  });

  it("keeps a choice of several that holds the head, and looks at the first of one that does not", async () => {
    const source = new FakeSource("attnwidget.heads", heads);
    const { model } = await linked(source);
    await source.tap(0, 1);
    expect([model.state.layer, model.state.head]).toEqual([0, 0]);
    expect(source.selected.indices).toEqual([0, 1]);
    await source.tap(2, 3);
    expect([model.state.layer, model.state.head]).toEqual([1, 0]);
    expect(source.selected.indices).toEqual([2, 3]);
  });

  it("marks the head again when nothing is chosen, or a head that is not there", async () => {
    const source = new FakeSource("attnwidget.heads", { layer: [0, 7], head: [0, 7] });
    const { model } = await linked(source, { layer: 0, head: 0 });
    await source.tap();
    expect(source.selected.indices).toEqual([0]);
    await source.tap(1);
    expect([model.state.layer, model.state.head]).toEqual([1, 1]);
    expect(source.selected.indices).toEqual([]);
  });

  it("does not mistake the heads of another part for those on show", async () => {
    const source = new FakeSource("attnwidget.heads", { ...heads, part: ["self", "self", "cross", "cross"] });
    const { model } = await linked(source);
    await source.tap(3);
    expect([model.state.layer, model.state.head]).toEqual([0, 0]);
    expect(source.selected.indices).toEqual([0]);
  });

  it("pins the token that is tapped, and shows the whole query", async () => {
    const source = new FakeSource("attnwidget.tokens", { position: [0, 1, 2] });
    const { model, session } = await linked(source);
    expect(source.selected.indices).toEqual([2]);
    await source.tap(1);
    expect(model.state.query).toEqual([1, 2]);
    session.pinQuery([0, 2]);
    expect(source.selected.indices).toEqual([0, 1]);
  });

  it.each([
    ["of another name", new FakeSource("prices", heads)],
    ["without the columns", new FakeSource("attnwidget.heads", { layer: [0] })],
  ])("%s is only shown", async (_, source) => {
    const { model } = await linked(source);
    await source.tap(0);
    expect([source.listeners.size, source.marked, model.state.head]).toEqual([0, 1, 0]);
  });

  it("is let go", async () => {
    const source = new FakeSource("attnwidget.heads", heads);
    const { session, life } = await linked(source);
    life.abort();
    session.pinHead(1, 1);
    expect([source.listeners.size, source.marked]).toEqual([0, 1]);
  });
});

describe("a library", () => {
  it("is loaded once per version, and anew after a failure, also by those who waited", async () => {
    const known = new Map<string, Promise<string>>();
    const load = vi.fn(async () => "loaded");
    const failing = vi.fn(async () => Promise.reject<string>(new Error("gone")));
    const first = loadOnce(known, "3", failing);
    const second = loadOnce(known, "3", load);
    await expect(first).rejects.toThrow("gone");
    expect(await second).toBe("loaded");
    expect(await loadOnce(known, "3", load)).toBe("loaded");
    expect([failing.mock.calls.length, load.mock.calls.length]).toEqual([1, 1]);
    await loadOnce(known, "4", load);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe("charts", () => {
  it("are asked for once per figure and theme", async () => {
    const { session, model, asked } = open({ chart: 1 });
    const charts = () => asked.filter(({ request }) => request.kind === "chart");
    const both = [session.charts.chart("light"), session.charts.chart("light")];
    expect(charts().length).toBe(1);
    await charts()[0]?.answer({ status: "ok", reply: { version: "3", item: 1 } });
    expect(await Promise.all(both)).toEqual([
      { version: "3", item: 1 },
      { version: "3", item: 1 },
    ]);
    void session.charts.chart("dark");
    expect(charts()[1]?.request).toEqual({ kind: "chart", theme: "dark" });
    model.set("chart", 2);
    void session.charts.chart("light");
    expect(charts().length).toBe(3);
  });

  it("say what went wrong, and may be asked for again", async () => {
    const { session, asked } = open({ chart: 1 });
    const first = session.charts.chart("light");
    await asked.at(-1)?.answer({ status: "error", problem: { code: "failed", message: "It is too wide." } });
    await expect(first).rejects.toThrow("It is too wide.");
    const second = session.charts.chart("light");
    await asked.at(-1)?.answer({ status: "ok", reply: { version: "3", item: 2 } });
    expect(await second).toEqual({ version: "3", item: 2 });
  });

  it("do not keep anybody waiting for an explorer that is gone", async () => {
    const { session, life } = open({ chart: 1 });
    const script = session.charts.script();
    life.abort();
    await expect(script).rejects.toThrow();
  });

  it("ask for no frame when they come and go", async () => {
    const { session, model, frames } = open();
    model.set("chart", 3);
    await Promise.resolve();
    expect([session.charts.revision.value, frames().length]).toEqual([3, 1]);
    session.closeChart();
    expect([model.state.chart, frames().length]).toEqual([0, 1]);
  });
});
