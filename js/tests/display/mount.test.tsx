// @vitest-environment happy-dom

import { afterEach, describe, expect, it, vi } from "vitest";
import { FakeKernel } from "../../dev/fake";
import { models } from "../../dev/fake-models";
import { DemoModel } from "../../dev/model";
import widget from "../../src";
import { settle } from "../clock";
import { marksIn } from "../mounted";

const text = "The river bank was quiet";

function demo(kind = "causal", change: Record<string, unknown> = {}): DemoModel {
  const state = { text, layer: 0, head: 1, query: [2, 3], direction: "reads", part: "self", ...change };
  return new DemoModel(new FakeKernel(models[kind] as never), state, 0);
}

function open(model: DemoModel, views = 1) {
  const { initialize, render } = widget();
  const end = initialize({ model, signal: new AbortController().signal } as never) as unknown as () => void;
  const hosts = Array.from({ length: views }, () => document.body.appendChild(document.createElement("div")));
  const closes = hosts.map((el) => render({ model, el } as never) as unknown as () => void);
  return { hosts, closes, end };
}

/** Counts what is listened to on the page and on the model. */
function census(model: DemoModel) {
  let open = 0;
  const targets = [document, window, document.body, document.documentElement] as EventTarget[];
  const spies = targets.map((target) => {
    const own = target.addEventListener.bind(target);
    return vi.spyOn(target, "addEventListener").mockImplementation((name, listener, options) => {
      open++;
      if (typeof options === "object")
        options.signal?.addEventListener("abort", () => open--, { once: true });
      own(name, listener, options);
    });
  });
  const onModel = () => [...model.listeners.values()].reduce((sum, known) => sum + known.size, 0);
  return { count: () => open + onModel(), end: () => spies.map((spy) => spy.mockRestore()) };
}

afterEach(() => document.body.replaceChildren());

describe("the widget", () => {
  it("shows a model, its text and its numbers", async () => {
    const { hosts, closes } = open(demo());
    await settle();
    const root = hosts[0]?.querySelector<HTMLElement>(".attnwidget");
    expect(root?.dataset.frameId).toMatch(/-\d+$/);
    expect(root?.dataset.paintedTextLength).toBe(String(text.length));
    expect(root?.querySelector(".aw-token-count")?.textContent).toBe("5 tokens");
    expect(root?.querySelector(".aw-chip-teaching")).not.toBeNull();
    expect(root?.querySelector("textarea")?.value).toBe(text);
    const marks = marksIn(hosts[0] as HTMLElement);
    expect(marks.map((mark) => mark.text)).toEqual(text.split(" "));
    expect(marks.filter((mark) => mark.query).map((mark) => mark.text)).toEqual(["bank"]);
    closes[0]?.();
    expect(hosts[0]?.childElementCount).toBe(0);
  });

  it("keeps the control's element and its text while frames arrive", async () => {
    const model = demo();
    const { hosts, closes } = open(model);
    await settle();
    const area = hosts[0]?.querySelector("textarea") as HTMLTextAreaElement;
    area.value = "The river bank was <b>loud</b>";
    area.setSelectionRange(30, 30);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    expect(hosts[0]?.querySelector("textarea")).toBe(area);
    expect(model.state.text).toBe(area.value);
    expect(hosts[0]?.querySelector(".aw-mirror b")).toBeNull();
    closes[0]?.();
  });

  it("shows one model twice, with one set of requests", async () => {
    const model = demo();
    const { hosts, closes } = open(model, 2);
    await settle();
    expect(model.sent.filter((content) => (content as { kind: string }).kind === "frame").length).toBe(1);
    for (const host of hosts) expect(marksIn(host).length).toBe(5);
    model.set("text", "one two");
    await settle();
    for (const host of hosts) expect(host.querySelector("textarea")?.value).toBe("one two");
    closes[0]?.();
    model.set("text", "one two three");
    await settle();
    expect(hosts[1]?.querySelector(".aw-token-count")?.textContent).toBe("3 tokens");
    closes[1]?.();
  });

  it("keeps keys to itself, except those that run a cell", async () => {
    const { hosts, closes } = open(demo());
    await settle();
    const heard: string[] = [];
    hosts[0]?.addEventListener("keydown", (event) => heard.push(event.key));
    const grid = hosts[0]?.querySelector(".aw-grid");
    const press = (key: string, more: KeyboardEventInit = {}) =>
      grid?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
    for (const key of ["b", "d", "x", "ArrowDown", "Enter", "Escape"]) press(key);
    expect(heard).toEqual([]);
    press("Enter", { shiftKey: true });
    press("Enter", { ctrlKey: true });
    expect(heard).toEqual(["Enter", "Enter"]);
    expect(hosts[0]?.querySelector<HTMLElement>(".attnwidget")?.dataset.lmSuppressShortcuts).toBeDefined();
    closes[0]?.();
  });

  it("steers heads by keys", async () => {
    const model = demo();
    const { hosts, closes } = open(model);
    await settle();
    const grid = hosts[0]?.querySelector(".aw-grid");
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"]) {
      grid?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    expect([model.state.layer, model.state.head]).toEqual([2, 0]);
    closes[0]?.();
  });

  it("skips layers without attention", async () => {
    const model = demo("hybrid", { layer: 2 });
    const { hosts, closes } = open(model);
    await settle();
    const grid = hosts[0]?.querySelector(".aw-grid");
    expect(grid?.getAttribute("aria-label")).toBe("Heads: 6 layers, 4 heads, 4 without attention");
    expect(hosts[0]?.querySelector(".aw-model")?.textContent).toContain("6 layers (2 attend) × 4 heads");
    const seen = ["ArrowUp", "ArrowDown", "ArrowDown", "ArrowUp"].map((key) => {
      grid?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      return model.state.layer;
    });
    expect(seen).toEqual([2, 5, 5, 2]);
    closes[0]?.();
  });

  it.each([
    ["causal", "Next token after “bank”", "␣was"],
    ["two", "In the place of “bank”", "␣bank"],
    ["class", "Class", "POSITIVE"],
    ["label", "Label of “bank”", "B-LOCATION"],
    ["answer", "Answer", "The capital of France is Paris"],
  ])("heads the predictions of a model of the kind %s", async (kind, heading, entry) => {
    // The encoders of the demo begin with a special token.
    const bank = kind === "causal" ? 2 : 3;
    const { hosts, closes } = open(demo(kind, { query: [bank, bank + 1] }));
    await settle();
    const section = hosts[0]?.querySelector('.aw-ranking[data-tint="expected"]');
    expect(section?.querySelector("h3")?.textContent).toBe(heading);
    expect([...(section?.querySelectorAll("bdi") ?? [])].map((name) => name.textContent)).toContain(entry);
    closes[0]?.();
  });

  it("says what the shown part is, and predicts nothing beside an encoder of two", async () => {
    const { hosts, closes } = open(demo("t5"));
    await settle();
    expect(hosts[0]?.querySelector(".aw-model")?.textContent).toContain(
      "· encoder of 6 layers × 8 heads · encoder-decoder",
    );
    expect(hosts[0]?.querySelector('.aw-ranking[data-tint="expected"]')).toBeNull();
    closes[0]?.();
  });

  it("calls eager maps by their name, without an error that nobody measured", async () => {
    const { hosts, closes } = open(demo("bloom"));
    await settle();
    expect(hosts[0]?.querySelector(".aw-chip-verify")?.textContent).toBe("eager maps");
    closes[0]?.();
  });

  it("leaves nothing behind when it is opened and closed 30 times", async () => {
    const model = demo();
    const watch = census(model);
    const observed = vi.spyOn(ResizeObserver.prototype, "observe");
    const released = vi.spyOn(ResizeObserver.prototype, "disconnect");
    for (let round = 0; round < 30; round++) {
      const { closes, end } = open(model);
      if (round % 10 === 0) await settle();
      for (const close of closes) close();
      end();
    }
    await settle();
    expect(watch.count()).toBe(0);
    const ended = new Set(released.mock.contexts);
    expect(observed.mock.contexts.filter((observer) => !ended.has(observer))).toEqual([]);
    expect(observed.mock.contexts.length).toBeGreaterThan(0);
    watch.end();
  });
});
