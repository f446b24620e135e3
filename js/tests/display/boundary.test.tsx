// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { views } from "../../src/views/registry";
import { marksIn, mounted } from "../mounted";
import { until } from "../until";

const broken = vi.hoisted(() => new Set<string>());
const breakable = vi.hoisted(
  () =>
    (names: string[]) =>
    async (original: () => Promise<object>): Promise<object> => {
      const own = (await original()) as Record<string, (...given: unknown[]) => unknown>;
      const wrapped = names.map((name) => [
        name,
        (...given: unknown[]) => {
          // First what it reads, as a fault comes from what is there.
          const made = own[name]?.(...given);
          if (broken.has(name)) throw new Error(`no ${name}`);
          return made;
        },
      ]);
      return { ...own, ...Object.fromEntries(wrapped) };
    },
);
vi.mock("../../src/matrix/scene", breakable(["matrixScene"]));
vi.mock("../../src/views/lines/scene", breakable(["linesFrame"]));
vi.mock("../../src/views/layers/scene", breakable(["layersScene"]));
vi.mock("../../src/views/flow/scene", breakable(["flowFrame"]));
vi.mock("../../src/views/neuron/scene", breakable(["neuronScene"]));
vi.mock("../../src/views/lens/scene", breakable(["lensScene"]));
vi.mock("../../src/heads/scene", breakable(["gridScene"]));
vi.mock("../../src/heads/balance", breakable(["underGrid"]));
vi.mock("../../src/focus/fields", breakable(["fieldOf"]));
vi.mock("../../src/focus/maps", breakable(["mapOfFrame"]));
vi.mock("../../src/focus/strips", breakable(["stripAt", "stripWish"]));
vi.mock("../../src/matrix/paint", breakable(["paintMatrix"]));

let said: ReturnType<typeof vi.spyOn>;
const rejected: unknown[] = [];
const keep = (error: unknown) => void rejected.push(error);

beforeEach(() => {
  said = vi.spyOn(console, "error").mockImplementation(() => {});
  process.on("unhandledRejection", keep);
});

afterEach(() => {
  expect(rejected).toEqual([]);
  process.off("unhandledRejection", keep);
  said.mockRestore();
  broken.clear();
  document.body.replaceChildren();
});

const parts = (host: HTMLElement) => ({
  area: host.querySelector("textarea"),
  faults: [...host.querySelectorAll(".aw-fault")].map((each) => each.textContent ?? ""),
  tabs: host.querySelectorAll('[role="tab"]').length,
  grid: host.querySelector(".aw-grid"),
});

/** Waits for a frame of so many tokens, whatever has failed. */
const painted = (host: HTMLElement, tokens: number) =>
  until(() => expect(host.querySelector(".aw-token-count")?.textContent).toBe(`${tokens} tokens`));

describe("a layout that throws", () => {
  it.each([
    ["matrix", "matrixScene"],
    ["lines", "linesFrame"],
    ["layers", "layersScene"],
    ["flow", "flowFrame"],
    ["neuron", "neuronScene"],
    ["lens", "lensScene"],
    ["compare", "matrixScene"],
  ])("leaves all but its own view: %s", async (view, name) => {
    broken.add(name);
    const { host, model, close } = mounted({ view, look: { against: "The river" } });
    await until(() => expect(parts(host).faults.join()).toContain(`(no ${name})`));
    const { area, faults, tabs, grid } = parts(host);
    expect(faults.length).toBe(1);
    expect(faults[0]).toContain("report it, naming attnwidget 0.");
    expect([tabs, grid === null, area?.value]).toEqual([views.length, false, "The river bank"]);

    const other = name === "matrixScene" ? "lines" : "matrix";
    host.querySelector<HTMLElement>(`[role="tab"][data-value="${other}"]`)?.click();
    await until(() => expect(parts(host).faults).toEqual([]));
    model.set("view", view);
    await until(() => expect(parts(host).faults.length).toBe(1));

    broken.clear();
    model.set("text", "The river bank was");
    await until(() => expect(host.querySelector(`.aw-${view}`)).not.toBeNull());
    await until(() => expect(parts(host).faults).toEqual([]));
    expect(parts(host).area).toBe(area);
    close();
  });

  it("in the grid leaves the text and the views", async () => {
    broken.add("gridScene");
    const { host, model, close } = mounted();
    await until(() => expect(host.querySelector(".aw-matrix")).not.toBeNull());
    await until(() => expect(parts(host)).toMatchObject({ tabs: views.length, grid: null }));
    expect(parts(host).faults.length).toBe(1);
    model.set("view", "model");
    await until(() => expect(parts(host).faults.join()).toContain("Model could not be drawn (no gridScene)"));
    broken.clear();
    host.querySelector<HTMLElement>(".aw-fault button")?.click();
    await until(() => expect(parts(host).grid).not.toBeNull());
    expect(parts(host).faults).toEqual([]);
    close();
  });

  it.each(["underGrid", "fieldOf", "mapOfFrame", "stripAt", "stripWish"])(
    "never takes the text away, though all of the page rests on it: %s",
    async (name) => {
      const { host, model, close } = mounted({ view: "layers" });
      await painted(host, 3);
      const { area } = parts(host);
      broken.add(name);
      model.set("text", "The river bank was");
      await painted(host, 4);
      await until(() => expect(parts(host).faults.join()).toContain(`(no ${name})`));
      expect(parts(host).area).toBe(area);
      expect([area?.isConnected, area?.value]).toEqual([true, "The river bank was"]);
      expect(parts(host).tabs).toBe(views.length);
      broken.clear();
      model.set("text", "The river");
      await painted(host, 2);
      await until(() => expect(parts(host).faults).toEqual([]));
      expect(marksIn(host).length).toBe(2);
      close();
    },
  );
});

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

describe("a painter that throws", () => {
  it("is told, and tried again with the next text", async () => {
    const canvas = vi
      .spyOn(HTMLCanvasElement.prototype, "getContext")
      .mockImplementation((() => pen) as never);
    broken.add("paintMatrix");
    const { host, model, close } = mounted();
    await until(() =>
      expect(parts(host).faults.join()).toContain("Matrix could not be drawn (no paintMatrix)"),
    );
    broken.clear();
    model.set("text", "The river bank was");
    await until(() => expect(host.querySelector(".aw-matrix canvas")).not.toBeNull());
    expect(parts(host).faults).toEqual([]);
    close();
    canvas.mockRestore();
  });
});
