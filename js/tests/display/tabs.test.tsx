// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { FakeKernel } from "../../dev/fake";
import { models } from "../../dev/fake-models";
import { DemoModel } from "../../dev/model";
import widget from "../../src";
import { views } from "../../src/views/registry";
import { settle } from "../clock";
import { until } from "../until";

const text = "The river bank was quiet";

function open(change: Record<string, unknown> = {}, kind = "causal") {
  const state = {
    text,
    layer: 0,
    head: 1,
    query: [2, 3],
    direction: "reads",
    part: "self",
    view: "matrix",
    ...change,
  };
  const model = new DemoModel(new FakeKernel(models[kind] as never), state, 0);
  const { initialize, render } = widget();
  initialize({ model, signal: new AbortController().signal } as never);
  const host = document.body.appendChild(document.createElement("div"));
  const close = render({ model, el: host } as never) as unknown as () => void;
  const asked = () => model.sent.filter((content) => (content as { kind: string }).kind === "strip");
  return { model, host, close, asked, find: (name: string) => host.querySelector<HTMLElement>(name) };
}

const press = (element: Element | null, key: string) =>
  element?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

afterEach(() => document.body.replaceChildren());

describe("the tabs", () => {
  it("show the view that Python has chosen, and follow it", async () => {
    const { model, find, close } = open({ view: "layers" });
    await settle();
    expect(find('[role="tab"][aria-selected="true"]')?.textContent).toBe("Layers");
    expect(find(".aw-layers")).not.toBeNull();
    expect(find(".aw-matrix")).toBeNull();
    model.set("view", "lines");
    await settle();
    expect(find(".aw-lines")).not.toBeNull();
    close();
  });

  it("tell Python what was chosen, without asking for a frame again", async () => {
    const { model, find, close } = open();
    await settle();
    const frames = () =>
      model.sent.filter((content) => (content as { kind: string }).kind === "frame").length;
    const before = frames();
    find('[role="tab"][data-value="lines"]')?.click();
    await settle();
    expect(model.state.view).toBe("lines");
    expect(frames()).toBe(before);
    close();
  });

  it("are steered by arrows, round and round, and one of them is in the order of Tab", async () => {
    const { model, host, find, close } = open();
    await settle();
    const tabs = [...host.querySelectorAll<HTMLElement>('[role="tab"]')];
    const names = tabs.map((tab) => tab.dataset.value);
    const seen: unknown[] = [];
    for (const key of ["ArrowRight", "ArrowRight", "Home", "ArrowLeft", "ArrowRight", "End"]) {
      press(find('[role="tablist"]'), key);
      await settle(20);
      seen.push(model.state.view);
    }
    const last = names.at(-1);
    expect(names.slice(0, 3)).toEqual(["matrix", "lines", "layers"]);
    expect(seen).toEqual(["lines", "layers", "matrix", last, "matrix", last]);
    await settle();
    expect(tabs.filter((tab) => tab.tabIndex === 0)).toEqual([tabs.at(-1)]);
    expect(document.activeElement).toBe(tabs.at(-1));
    close();
  });

  it("stand in groups, apart from each other", async () => {
    const { host, close } = open();
    await settle();
    const apart = [...host.querySelectorAll<HTMLElement>('[role="tab"][data-begins]')];
    const groups = views.map(({ group }) => group);
    const firsts = views.filter(({ group }, place) => place > 0 && group !== groups[place - 1]);
    expect(apart.map((tab) => tab.dataset.value)).toEqual(firsts.map(({ name }) => name));
    // Whoever adds a view puts it where its group is.
    expect(firsts.length + 1).toBe(new Set(groups).size);
    close();
  });

  it("take an unknown view for the matrix", async () => {
    const { find, close } = open({ view: "river" });
    await settle();
    expect(find(".aw-matrix")).not.toBeNull();
    close();
  });
});

describe("the layers", () => {
  it("are asked for once while they are looked at, and never for the matrix", async () => {
    const { model, asked, find, close } = open();
    await settle();
    expect(asked()).toHaveLength(0);
    model.set("view", "layers");
    await settle();
    expect(asked()).toHaveLength(1);
    expect(find(".aw-layers")?.dataset).toMatchObject({ layers: "4", tokens: "5", exact: "true" });
    model.set("view", "matrix");
    model.set("view", "layers");
    await settle();
    expect(asked()).toHaveLength(1);
    close();
  });

  it("are told cell by cell, and pinned, by the keyboard", async () => {
    const { model, find, close } = open({ view: "layers" });
    await settle();
    const grid = find(".aw-layers");
    const told = () => find('.aw-layers [role="gridcell"]')?.textContent;
    press(grid, "ArrowDown");
    await until(() => expect(told()).toMatch(/^Layer 1: bank reads \w+ 0\.\d{3}$/));
    press(grid, "Enter");
    expect(model.state.layer).toBe(1);
    await settle();
    press(grid, "ArrowUp");
    press(grid, "ArrowUp");
    press(grid, "Home");
    await until(() => expect(told()).toBe("Token The; Enter makes it the query"));
    press(grid, "Enter");
    expect(model.state.query).toEqual([0, 1]);
    close();
  });

  it("skip layers without attention", async () => {
    const { model, find, close } = open({ view: "layers", layer: 2, query: [1, 2] }, "hybrid");
    await settle();
    press(find(".aw-layers"), "ArrowDown");
    press(find(".aw-layers"), "Enter");
    expect(model.state.layer).toBe(5);
    close();
  });

  it("fuse heads as is asked", async () => {
    const { host, asked, close } = open({ view: "layers" });
    const fusions = () => asked().map((request) => (request as { fusion: string }).fusion);
    await until(() => expect(fusions()).toEqual(["mean"]));
    host.querySelector<HTMLElement>('.aw-segmented button[data-value="max"]')?.click();
    await until(() => expect(fusions()).toEqual(["mean", "max"]));
    close();
  });

  it("say in a sentence why they cannot be had", async () => {
    const { model, find, close } = open();
    await settle();
    const { kernel } = model as unknown as { kernel: FakeKernel };
    const own = kernel.answer.bind(kernel);
    const sentence = "These weights are not numbers.";
    kernel.answer = (request) =>
      request.kind === "strip"
        ? { content: { status: "error", code: "failed", message: sentence }, buffers: [] }
        : own(request);
    model.set("direction", "read_by");
    model.set("query", [1, 2]);
    model.set("view", "layers");
    await settle();
    // The frame's own bytes are a first sight of them.
    expect(find(".aw-layers")?.dataset.exact).toBe("false");
    expect(find(".aw-caption")?.textContent).toContain(sentence);
    close();
  });
});

describe("the lines", () => {
  it("are those of the query, with what is left out of them", async () => {
    const { find, close } = open({ view: "lines" });
    await settle();
    expect(Number(find(".aw-lines")?.dataset.lines ?? "0")).toBeGreaterThanOrEqual(0);
    expect(find('.aw-lines [role="gridcell"]')?.textContent).toMatch(/^bank reads /);
    close();
  });

  it("are looked through by the keyboard and pinned by Enter", async () => {
    const { model, find, close } = open({ view: "lines" });
    await settle();
    const grid = find(".aw-lines");
    press(grid, "ArrowUp");
    const told = () => find('.aw-lines [role="gridcell"]')?.textContent;
    await settle();
    expect(told()).toMatch(/^river reads /);
    press(grid, "ArrowRight");
    await settle();
    expect(told()).toMatch(/^river reads \w+ 0\.\d{3}$/);
    press(grid, "Enter");
    expect(model.state.query).toEqual([1, 2]);
    close();
  });
});
