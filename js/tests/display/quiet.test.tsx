// @vitest-environment happy-dom

import { afterEach, describe, expect, it, vi } from "vitest";
import { settle } from "../clock";
import { mounted } from "../mounted";
import { until } from "../until";

const counts = vi.hoisted(() => new Map<string, number>());
const counted = vi.hoisted(
  () =>
    (names: string[]) =>
    async (original: () => Promise<object>): Promise<object> => {
      const own = (await original()) as Record<string, (...given: unknown[]) => unknown>;
      const wrapped = names.map((name) => [
        name,
        (...given: unknown[]) => {
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return own[name]?.(...given);
        },
      ]);
      return { ...own, ...Object.fromEntries(wrapped) };
    },
);
vi.mock("../../src/drawing/pixels", counted(["weightPixels", "thumbnailPixels"]));
vi.mock("../../src/heads/paint", counted(["paintCells", "paintPointed"]));
vi.mock("../../src/matrix/paint", counted(["paintMatrix"]));

/** A pen that draws nothing. */
const pen = new Proxy({} as Record<PropertyKey, unknown>, {
  get: (kept, name) => {
    if (name in kept) return kept[name];
    if (name === "measureText") return () => ({ width: 6 });
    if (name === "createImageData")
      return (width: number, height: number) => ({ data: new Uint8ClampedArray(width * height * 4) });
    return () => {};
  },
});
vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation((() => pen) as never);

/** Long enough for what is asked when nothing else is. */
const quiet = () => settle(3000);

afterEach(() => document.body.replaceChildren());

/** Over the middle of a head in the grid of four layers and four heads. */
function over(grid: HTMLElement, layer: number, head: number) {
  const { height } = (grid.querySelector("canvas") as HTMLCanvasElement).style;
  const pitch = (Number.parseFloat(height) - 23) / 4;
  const at = { clientX: 18 + (head + 0.4) * pitch, clientY: 20 + (layer + 0.4) * pitch };
  grid.dispatchEvent(new MouseEvent("pointermove", { bubbles: true, ...at }));
}

describe("leaving a head", () => {
  it("paints the matrix once, and makes nothing anew", async () => {
    const { host, close } = mounted();
    const find = (name: string) => host.querySelector<HTMLElement>(name) as HTMLElement;
    await until(() => expect(find(".aw-matrix canvas")).not.toBeNull());
    const grid = find(".aw-grid");
    over(grid, 2, 2);
    await until(() => expect(find(".aw-title").textContent).toContain("Layer 2 · Head 2"));
    await until(() => expect(find(".aw-matrix").dataset.exact).toBe("true"));
    await quiet();
    counts.clear();
    grid.dispatchEvent(new MouseEvent("pointerleave"));
    await until(() => expect(find(".aw-title").textContent).toContain("Layer 0 · Head 1"));
    await quiet();
    expect([counts.get("weightPixels"), counts.get("thumbnailPixels"), counts.get("paintCells")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([counts.get("paintMatrix"), counts.get("paintPointed")]).toEqual([1, 1]);
    counts.clear();
    // Nothing was looked at any more.
    grid.dispatchEvent(new MouseEvent("pointerleave"));
    await quiet();
    expect(counts.size).toBe(0);
    close();
  });

  it("that is the pinned one changes nothing but its ring", async () => {
    const { host, close } = mounted();
    const find = (name: string) => host.querySelector<HTMLElement>(name) as HTMLElement;
    await until(() => expect(find(".aw-matrix canvas")).not.toBeNull());
    over(find(".aw-grid"), 0, 1);
    await quiet();
    await quiet();
    counts.clear();
    find(".aw-grid").dispatchEvent(new MouseEvent("pointerleave"));
    await quiet();
    expect(counts.get("paintPointed")).toBe(1);
    expect([counts.get("paintMatrix"), counts.get("weightPixels"), counts.get("paintCells")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    close();
  });
});

describe("the change since a text was held", () => {
  const opened = async (state = {}) => {
    const page = mounted({ view: "compare", look: { against: "The river" }, ...state });
    const grid = () => page.host.querySelector<HTMLElement>(".aw-compare") as HTMLElement;
    await until(() => expect(grid()?.querySelector("canvas")).not.toBeNull());
    await quiet();
    const press = async (...keys: string[]) => {
      for (const key of keys) {
        grid().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        await quiet();
      }
    };
    return { ...page, grid: grid(), press };
  };
  const spoken = (grid: HTMLElement) => grid.querySelector('[role="gridcell"]')?.textContent;

  it("makes no pixels anew while its cells are looked at, and a click pins the token of one", async () => {
    const { model, grid, press, close } = await opened();
    counts.clear();
    await press("End", "ArrowDown");
    expect(spoken(grid)).toBe("river reads bank −0.100");
    expect(counts.get("weightPixels")).toBeUndefined();
    expect(counts.get("paintMatrix")).toBeGreaterThan(0);
    await press("Enter");
    expect(model.state.query).toEqual([1, 2]);
    close();
  });

  it("looks from its keys where the query is one that is read", async () => {
    const { model, grid, press, close } = await opened({ direction: "read_by" });
    await press("ArrowRight");
    expect(spoken(grid)).toBe("The reads river −0.100");
    await press("Enter");
    expect(model.state.query).toEqual([1, 2]);
    close();
  });

  it("is zoomed as the matrix is, each in its own place", async () => {
    const { model, host, grid, press, close } = await opened();
    model.set("text", "the cat sat on the mat and the dog lay beside it and slept");
    await quiet();
    expect([grid.dataset.rows, grid.dataset.extent]).toEqual(["14", undefined]);
    await press("+");
    expect(grid.dataset.extent).toBeDefined();
    expect(host.querySelector(".aw-extent")?.textContent).toMatch(/^queries \d+–\d+ · keys \d+–\d+$/);
    model.set("view", "matrix");
    await quiet();
    expect(host.querySelector<HTMLElement>(".aw-matrix")?.dataset.extent).toBeUndefined();
    model.set("view", "compare");
    await quiet();
    await press("0");
    expect(host.querySelector<HTMLElement>(".aw-compare")?.dataset.extent).toBeUndefined();
    close();
  });
});

describe("what is read out", () => {
  const cell = (host: HTMLElement, name: string) =>
    host.querySelector<HTMLElement>(`${name} [role="gridcell"]`) as HTMLElement;

  it.each([
    ["compare", ".aw-compare"],
    ["matrix", ".aw-matrix"],
    ["lines", ".aw-lines"],
    ["layers", ".aw-layers"],
  ])("in %s is nothing under the pointer, and by keys only the cell where they end", async (view, name) => {
    const { host, close } = mounted({ view, look: { against: "The river" } });
    await until(() => expect(cell(host, name)).not.toBeNull());
    await quiet();
    const grid = host.querySelector<HTMLElement>(name) as HTMLElement;
    grid.dispatchEvent(new MouseEvent("pointermove", { bubbles: true, clientX: 300, clientY: 200 }));
    await quiet();
    expect(["off", null]).toContain(cell(host, name).getAttribute("aria-live"));

    const read: (string | null)[] = [];
    const heard = new MutationObserver(() => {
      if (cell(host, name).getAttribute("aria-live") === "polite") read.push(cell(host, name).textContent);
    });
    heard.observe(cell(host, name), { childList: true, characterData: true, subtree: true });
    for (const key of ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowRight", "ArrowDown"]) {
      grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      await Promise.resolve();
    }
    await quiet();
    expect(cell(host, name).getAttribute("aria-live")).toBe("polite");
    expect(read.length).toBeLessThanOrEqual(1);
    heard.disconnect();
    close();
  });
});
