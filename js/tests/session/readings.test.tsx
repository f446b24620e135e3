// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import type { FakeKernel } from "../../dev/fake";
import { models } from "../../dev/fake-models";
import type { Request } from "../../src/wire/types";
import { mounted } from "../mounted";
import { until } from "../until";

afterEach(() => document.body.replaceChildren());

const press = (element: Element | null, key: string) =>
  element?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

/** Keys one after the other, each where the one before has led. */
async function pressed(element: Element | null, ...keys: string[]) {
  for (const key of keys) {
    press(element, key);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

/** The page over a thought-up kernel that can be trained, and can leave questions of a kind open. */
function opened(state: Record<string, unknown> = {}, name = "causal") {
  const page = mounted({ text: "The river bank was quiet", query: [4, 5], ...state }, name);
  const kernel = page.model.kernel as FakeKernel;
  const own = kernel.answer.bind(kernel);
  const open = new Set<string>();
  kernel.answer = (request: Request) =>
    open.has(request.kind)
      ? { content: { status: "progress", done: 0, total: 0 }, buffers: [] }
      : own(request);
  const sent = (kind: string) =>
    page.model.sent.filter((content) => (content as Request).kind === kind) as Record<string, unknown>[];
  return { ...page, kernel, open, sent, find: (name: string) => page.host.querySelector<HTMLElement>(name) };
}

describe("a picture of an older reading", () => {
  it.each([
    { view: "flow", grid: ".aw-flow", look: {} },
    { view: "compare", grid: ".aw-compare", look: { against: "The river bank" } },
  ])(
    "is looked at, but its places are not taken for those of the new text: $view",
    async ({ view, grid, look }) => {
      const { model, find, close, open, sent } = opened({ view, look });
      await until(() => expect(find(grid)?.ariaBusy ?? find(grid)?.getAttribute("aria-busy")).toBe("false"));
      open.add(view);
      model.set("text", "It was quiet");
      await until(() => expect(sent("frame").length).toBe(2));
      await until(() => expect(find(grid)?.getAttribute("aria-busy")).toBe("true"));
      const before = model.state.query;
      await pressed(find(grid), "End", "ArrowUp", "Enter");
      expect(model.state.query).toBe(before);
      close();
    },
  );
});

describe("a picture of another part", () => {
  /** The part that is on show from now on: the thought-up kernel has one alone. */
  const show = ({ model, kernel }: ReturnType<typeof opened>, part: string) => {
    Object.assign(kernel, { model: { ...models.t5, part } });
    model.set("part", part);
  };

  it.each([
    { view: "flow", grid: ".aw-flow", look: {} },
    { view: "compare", grid: ".aw-compare", look: { against: "The river bank" } },
  ])(
    "of the same reading is looked at, but its places are not taken for the new part's: $view",
    async (state) => {
      const { view, grid, look } = state;
      const page = opened({ view, look, part: "encoder" }, "t5");
      const { model, find, close, open } = page;
      await until(() => expect(find(grid)?.getAttribute("aria-busy")).toBe("false"));
      open.add(view);
      show(page, "decoder");
      await until(() => expect(find(grid)?.getAttribute("aria-busy")).toBe("true"));
      const before = model.state.query;
      await pressed(find(grid), "End", "ArrowUp", "Enter");
      expect(model.state.query).toBe(before);
      close();
    },
  );

  it("is no row of keys: neuron", async () => {
    const page = opened({ view: "neuron", part: "encoder" }, "t5");
    const { find, close, open } = page;
    await until(() => expect(find("[data-neuron]")).not.toBeNull());
    open.add("neuron");
    show(page, "decoder");
    await until(() => expect(find('.aw-neuron[aria-busy="true"]')).not.toBeNull());
    expect(find("[data-neuron]")).toBeNull();
    close();
  });
});

describe("a model that was trained", () => {
  it("is asked anew for everything on the page as soon as one answer tells of it", async () => {
    const { model, find, close, kernel, sent } = opened({ view: "layers" });
    await until(() => expect(find(".aw-layers")?.dataset.exact).toBe("true"));
    const before = sent("frame").length;
    kernel.trained = 1;
    // The same text: what was kept of it must not be shown beside new numbers.
    find('.aw-segmented button[data-value="max"]')?.click();
    await until(() => expect(sent("frame").length).toBeGreaterThan(before));
    await until(() =>
      expect(sent("strip").at(-1)).toMatchObject({ reading: "1 The river bank was quiet", fusion: "max" }),
    );
    await until(() => expect(find(".aw-layers")?.dataset.exact).toBe("true"));
    expect(model.state.text).toBe("The river bank was quiet");
    close();
  });
});

describe("a kernel that went away", () => {
  it("is said where numbers are waited for, and these are asked for again when it is heard", async () => {
    const { model, find, close, open, sent } = opened({ view: "neuron" });
    open.add("neuron");
    await until(() => expect(sent("neuron").length).toBeGreaterThan(0));
    const lost: { id: string }[] = [];
    const send = model.send.bind(model);
    model.send = (content) => void lost.push(content as { id: string });
    model.fire("comm_live_update");
    await until(() => expect(find(".aw-view-state")?.textContent).toMatch(/restarted or has ended/));
    open.clear();
    const before = sent("neuron").length;
    model.send = send;
    model.fire("msg:custom", { id: lost.at(-1)?.id, status: "progress", done: 0, total: 0 });
    await until(() => expect(sent("neuron").length).toBeGreaterThan(before));
    await until(() => expect(find("[data-neuron]")?.dataset.neuron).toBe("L0H1"));
    close();
  });
});
