// @vitest-environment happy-dom

import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Figure, Figures } from "../../src/display/figures";
import type { View } from "../../src/display/view";
import { bounds, stillPicture } from "../../src/explorer/still-picture";

const canvas = HTMLCanvasElement.prototype;
/** The sizes of the canvases that became a PNG. */
let made: [number, number][] = [];
let bytesOf = (_width: number, _height: number): number => 1;

beforeEach(() => {
  made = [];
  const pen = new Proxy({}, { get: () => () => ({ width: 8 }), set: () => true });
  vi.spyOn(canvas, "getContext").mockImplementation((() => pen) as never);
  vi.spyOn(canvas, "toBlob").mockImplementation(function (this: HTMLCanvasElement, done) {
    made.push([this.width, this.height]);
    done(new Blob([new Uint8Array(bytesOf(this.width, this.height))]));
  });
});

afterEach(() => {
  bytesOf = () => 1;
  vi.restoreAllMocks();
});

/** As much of a view as a picture of it needs, with a figure of such a size. */
function viewed(view: string, width = 600, height = 400, ready = true, pointed: number | null = null): View {
  const figures = new Figures();
  const figure: Figure = {
    name: view,
    title: "Layer 1",
    width,
    height,
    caption: "query → key",
    direction: "reads",
    full: null,
    paint: () => {},
  };
  figures.offer("stage", () => (ready ? figure : null));
  const about = { version: "1", model: { name: "gpt2" } };
  return {
    figures,
    session: { traits: { view: signal(view) }, about: signal(about) },
    local: { hoverHead: signal(null), hoverToken: signal(pointed) },
    environment: { font: signal("serif") },
    derived: { fields: [] },
  } as unknown as View;
}

const still = (view: View, anyway = false) => stillPicture(view, anyway);

describe("the picture that a still takes along", () => {
  it("is what is on the stage, said in words too", async () => {
    expect(await still(viewed("lines"))).toEqual({
      png: expect.any(ArrayBuffer),
      caption: "Lines: gpt2 · Layer 1. query → key",
    });
    expect(made.length).toBe(1);
    expect(made[0]?.[0]).toBe(632);
  });

  it("is the kernel's own of a matrix, and comes later where there is nothing to see yet", async () => {
    expect(await still(viewed("matrix"))).toBe("matrix");
    expect(await still(viewed("lines", 600, 400, false))).toBe("later");
    expect(made).toEqual([]);
  });

  it("is not of what the pointer is at, unless that stays there", async () => {
    const pointed = viewed("lines", 600, 400, true, 2);
    expect(await still(pointed)).toBe("pointed");
    expect(await still(pointed, true)).toMatchObject({ caption: expect.any(String) });
  });

  it("is no wider and higher than a notebook shows it", async () => {
    await still(viewed("lines", 1_500, 400));
    await still(viewed("flow", 600, 3_000));
    expect(made[0]?.[0]).toBe(bounds.width);
    expect(made[1]?.[1]).toBe(bounds.height);
  });

  it("is drawn smaller until a notebook can carry it, and not so small that nobody can read it", async () => {
    bytesOf = (width) => (width > 450 ? bounds.bytes + 1 : bounds.bytes);
    expect(await still(viewed("lines"))).toMatchObject({ caption: expect.any(String) });
    expect(made.map(([width]) => width)).toEqual([632, 506, 404]);
    bytesOf = () => bounds.bytes + 1;
    expect(await still(viewed("lines"))).toBe("matrix");
    expect(await still(viewed("flow", 600, 8_000))).toBe("matrix");
  });

  it("is the kernel's where the browser makes none", async () => {
    vi.spyOn(canvas, "toBlob").mockImplementation((done) => done(null));
    expect(await still(viewed("lines"))).toBe("matrix");
  });
});
