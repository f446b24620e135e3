// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeKernel } from "../../dev/fake";
import { models } from "../../dev/fake-models";
import { DemoModel } from "../../dev/model";
import widget from "../../src";
import { settle } from "../clock";
import { FakeSource, heads } from "./chart-source";

/** A BokehJS that only counts: the page already has it, so that no script is run. */
function fakeBokeh(version = "3.9.9") {
  const documents: object[] = [];
  const shown = { embedded: 0, removed: 0, cleared: 0 };
  const embed_item = async (item: unknown, element: HTMLElement) => {
    if (item === "bad") throw new Error("Model 'Odd' does not exist.");
    shown.embedded++;
    expect(element.isConnected).toBe(true);
    element.append(document.createElement("canvas"));
    const own = {
      all_models: new Set([new FakeSource("attnwidget.heads", heads)]),
      clear: () => shown.cleared++,
    };
    documents.push(own);
    return { roots: [{ model: { document: own } }], clear: () => shown.removed++ };
  };
  return { version, documents, embed: { embed_item }, shown };
}

class ChartKernel extends FakeKernel {
  item = "good";

  override answer(request: Parameters<FakeKernel["answer"]>[0]) {
    if (request.kind !== "chart") return super.answer(request);
    const bytes = new TextEncoder().encode(JSON.stringify(this.item));
    return { content: { version: "3.9.9" }, buffers: [bytes.buffer as ArrayBuffer] };
  }
}

function mounted(chart: number) {
  const kernel = new ChartKernel(models.causal as never);
  const state = {
    text: "The river",
    layer: 0,
    head: 1,
    query: [0, 1],
    direction: "reads",
    part: "self",
    chart,
  };
  const model = new DemoModel(kernel, state, 0);
  const { initialize, render } = widget();
  initialize({ model, signal: new AbortController().signal } as never);
  const host = document.body.appendChild(document.createElement("div"));
  const close = render({ model, el: host } as never) as unknown as () => void;
  return { kernel, model, host, close };
}

describe("the pane", () => {
  const page = window as unknown as { Bokeh?: unknown };
  let bokeh: ReturnType<typeof fakeBokeh>;

  beforeEach(() => {
    bokeh = fakeBokeh();
    page.Bokeh = bokeh;
  });

  afterEach(() => {
    document.body.replaceChildren();
    delete page.Bokeh;
    Reflect.deleteProperty(window, Symbol.for("attnwidget.bokeh"));
  });

  it("opens for a figure, before or after the view, and asks for no script that the page has", async () => {
    const { model, host, close } = mounted(0);
    await settle();
    expect(host.querySelector(".aw-chart")).toBeNull();
    model.set("chart", 1);
    await settle();
    expect(host.querySelector<HTMLElement>(".aw-chart-figure")?.dataset.state).toBe("shown");
    expect(host.querySelectorAll(".aw-chart canvas").length).toBe(1);
    expect(model.sent.some((content) => (content as { kind: string }).kind === "bokeh")).toBe(false);
    close();
    expect([bokeh.documents.length, bokeh.shown.removed, bokeh.shown.cleared]).toEqual([0, 1, 1]);
  });

  it("holds one figure at a time, and none when it is closed", async () => {
    const { model, host, close } = mounted(1);
    await settle();
    model.set("chart", 2);
    await settle();
    expect([host.querySelectorAll(".aw-chart canvas").length, bokeh.documents.length]).toEqual([1, 1]);
    host.querySelector<HTMLButtonElement>(".aw-close")?.click();
    await settle();
    expect([model.state.chart, bokeh.documents.length, host.querySelector(".aw-chart")]).toEqual([
      0,
      0,
      null,
    ]);
    expect(document.activeElement?.classList.contains("aw-matrix")).toBe(true);
    close();
  });

  it("leaves nothing behind when it goes before its figure has come", async () => {
    for (const wait of [0, 1, 2, 3, 5, 8]) {
      const { close } = mounted(1);
      await settle(wait);
      close();
    }
    await settle();
    expect([bokeh.documents.length, bokeh.shown.removed]).toEqual([0, bokeh.shown.embedded]);
  });

  it("says in a sentence what cannot be drawn", async () => {
    const { kernel, model, host, close } = mounted(0);
    kernel.item = "bad";
    model.set("chart", 1);
    await settle();
    expect(host.querySelector(".aw-chart-state")?.textContent).toContain("'Odd' does not exist");
    close();
  });

  it("shows a figure after all, when the kernel that went away is heard again", async () => {
    const { model, host, close } = mounted(0);
    await settle();
    const send = model.send.bind(model);
    const lost: { id: string }[] = [];
    model.send = (content) => void lost.push(content as { id: string });
    model.set("chart", 1);
    await settle();
    model.fire("comm_live_update");
    await settle();
    expect(host.querySelector(".aw-chart-state[data-failed]")?.textContent).toMatch(/restarted or has ended/);
    model.send = send;
    model.fire("msg:custom", { id: lost.at(-1)?.id, status: "progress", done: 0, total: 0 });
    await settle();
    expect(host.querySelector<HTMLElement>(".aw-chart-figure")?.dataset.state).toBe("shown");
    expect(host.querySelector(".aw-chart-state[data-failed]")?.textContent).toBe("");
    close();
  });
});
