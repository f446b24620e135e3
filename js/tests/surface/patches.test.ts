import { describe, expect, it } from "vitest";
import type { StripOnShow } from "../../src/focus/strips";
import { frameName, frameShares } from "../../src/surface/picture/film/film";
import { layerMarks, layerTones } from "../../src/surface/picture/paint";
import { PatchSurface } from "../../src/surface/picture/patches";
import { widthFor } from "../../src/views/layers/Pictures";
import type { PatchPlace, PictureTold } from "../../src/wire/types";

const picture: PictureTold = {
  name: "a",
  width: 12,
  height: 8,
  rows: 2,
  columns: 3,
  patch: [4, 4],
  note: "",
};
const patch = (row: number, column: number, rows = 1, columns = 1, of = 0): PatchPlace => [
  of,
  0,
  row,
  column,
  rows,
  columns,
];
const places = [null, ...[0, 1].flatMap((row) => [0, 1, 2].map((column) => patch(row, column)))];

describe("tokens over a picture", () => {
  const surface = new PatchSurface(picture, 0, places, 120);

  it("stand where their patches are, at the width of the page", () => {
    expect(surface.height).toBe(80);
    expect(surface.rects(0)).toEqual([]);
    expect(surface.rects(6)).toEqual([{ x: 80, y: 40, width: 40, height: 40 }]);
  });

  it("are found at their own places, and nowhere outside", () => {
    for (const token of surface.tokens) {
      const [rect] = surface.rects(token);
      expect(surface.hit((rect?.x ?? 0) + 1, (rect?.y ?? 0) + 39)).toBe(token);
    }
    for (const [x, y] of [
      [-1, 5],
      [121, 5],
      [5, 81],
    ] as const)
      expect(surface.hit(x, y)).toBeNull();
  });

  it("have neighbours, but at the edges", () => {
    expect(surface.beside(1, 0, 1)).toBe(2);
    expect(surface.beside(1, 1, 0)).toBe(4);
    expect(surface.beside(1, 0, -1)).toBeNull();
    expect(surface.beside(0, 0, 1)).toBeNull();
  });

  it("are outlined together: what is inside has no edge", () => {
    expect(surface.outline((token) => token === 1)).toHaveLength(4);
    expect(surface.outline((token) => token === 1 || token === 2)).toHaveLength(6);
    expect(surface.outline(() => true)).toHaveLength(10);
  });

  it("cover all patches that were merged into them", () => {
    const merged = new PatchSurface(picture, 0, [patch(0, 0, 2, 2), patch(0, 2), patch(1, 2)], 120);
    expect(merged.rects(0)).toEqual([{ x: 0, y: 0, width: 80, height: 80 }]);
    expect(merged.hit(75, 75)).toBe(0);
    expect(merged.beside(0, 0, 1)).toBe(1);
    expect(merged.outline((token) => token === 0)).toHaveLength(8);
  });

  it("of another picture stand in that one", () => {
    const second = new PatchSurface(picture, 1, [patch(0, 0), patch(0, 1, 1, 1, 1)], 120);
    expect(second.tokens).toEqual([1]);
    expect(second.rects(0)).toEqual([]);
  });

  it("leave out what no patch covers: a picture whose sides are no multiple of one", () => {
    const cut = new PatchSurface({ ...picture, width: 14 }, 0, places, 140);
    expect(cut.hit(125, 5)).toBeNull();
    expect(cut.rects(3)).toEqual([{ x: 80, y: 0, width: 40, height: 40 }]);
  });
});

describe("small pictures of the layers", () => {
  const strip = { values: new Float32Array([0.1, 0.4, 0, 0.9, Number.NaN, 0.1]), count: 3, peak: 0.4 };

  it("share one scale, past which sinks are", () => {
    const sinks = [new Set<number>(), new Set([0])];
    expect(layerTones({ ...strip, sinks }, 0)).toEqual([expect.closeTo(0.5), 1, 0]);
    expect(layerTones({ ...strip, sinks }, 1)).toEqual([0, 0, expect.closeTo(0.5)]);
  });

  it("have the sign of a change, and another full tone where one is chosen", () => {
    const changes = { ...strip, values: new Float32Array([-0.1, 0.4, 0]), sinks: [new Set<number>()] };
    expect(layerTones(changes, 0)).toEqual([expect.closeTo(-0.5), 1, 0]);
    expect(layerTones(changes, 0, 1.6)).toEqual([expect.closeTo(-0.25), expect.closeTo(0.5), 0]);
  });

  it("hatch the sinks of their own layer that are read, and paint no tone there", () => {
    const surface = new PatchSurface(picture, 0, places.slice(0, 3), 120);
    const shown = { ...strip, sinks: [new Set([1]), new Set([1])] } as unknown as StripOnShow;
    expect(layerMarks(surface, shown, 0, 0.4).map(({ tone, sink }) => [tone, sink])).toEqual([
      [0, true],
      [0, false],
    ]);
  });
});

describe("the layers on the stage", () => {
  it("are as large as all of them have room for, and scrolled through where that is too small", () => {
    expect(widthFor({ width: 630, tallest: 300 }, 3, 1)).toBe(203);
    expect(widthFor({ width: 630, tallest: 300 }, 12, 1)).toBe(96);
    expect(widthFor({ width: 630, tallest: 120 }, 3, 1)).toBe(100);
    expect(widthFor({ width: 400 }, 3, 1)).toBe(195);
    expect(widthFor({ width: 150 }, 3, 1)).toBe(150);
  });
});

describe("tokens over the frames of a video", () => {
  const film: PictureTold = { ...picture, frames: [2, 2] };
  const inFrame = (of: number) =>
    [0, 1].flatMap((row) => [0, 1, 2].map((column): PatchPlace => [of, 2 * of, row, column, 1, 1]));
  const everywhere = [null, ...inFrame(0), ...inFrame(1), ...inFrame(2)];
  const middle = new PatchSurface(film, 1, everywhere, 120);

  it("lead over the left and right edge into the frame before and after", () => {
    expect(middle.beside(9, 0, 1)).toBe(13);
    expect(middle.beside(7, 0, -1)).toBe(3);
    expect(middle.beside(10, 0, -1)).toBe(6);
    expect(middle.beside(7, -1, 0)).toBeNull();
    expect(middle.beside(18, 0, 1)).toBeNull();
  });

  it("go on from a token of another frame, and not from a special one", () => {
    expect(middle.beside(1, 0, 1)).toBe(2);
    expect(middle.leadsFrom(1)).toBe(true);
    expect(middle.leadsFrom(0)).toBe(false);
    expect(new PatchSurface(picture, 1, everywhere, 120).leadsFrom(1)).toBe(false);
  });

  it("have shares that sum to the row, without what stands in no frame", () => {
    const weights = Float32Array.from({ length: 19 }, (_, token) =>
      token === 0 ? 0.5 : token === 7 ? 0.25 : 0.125,
    );
    const shares = frameShares(weights, everywhere, 3);
    expect(shares).toEqual([0.75, 0.875, 0.75]);
  });

  it("are called by their frames", () => {
    expect(frameName({ frames: [4, 2] })).toBe("4–5");
    expect(frameName({ frames: [4, 1] })).toBe("4");
  });
});
