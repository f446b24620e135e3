import { describe, expect, it } from "vitest";
import { palette, rampColour } from "../src/lib/colour";
import { largestChange, pooledChanges } from "../src/views/compare/difference";
import { signedMap } from "../src/views/compare/paint";
import { differenceHit, differenceScene } from "../src/views/compare/scene";
import { readDifference } from "../src/wire/difference";

const measure = (text: string) => text.length * 6;
const names = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`);

describe("the scene", () => {
  const scene = differenceScene({
    queryLabels: names(6),
    keyLabels: names(9),
    width: 520,
    cell: { row: 5, column: 8 },
    rows: [2],
    measure,
  });

  it("finds every cell where it is drawn, and nothing beside the map", () => {
    for (let row = 0; row < 6; row++)
      for (let column = 0; column < 9; column++) {
        const [x, y] = [scene.left + (column + 0.5) * scene.pitch, scene.top + (row + 0.5) * scene.pitch];
        expect(differenceHit(scene, x, y)).toEqual({ row, column });
      }
    expect(differenceHit(scene, scene.left - 1, scene.top + 1)).toBeNull();
    expect(differenceHit(scene, scene.left + 1, scene.top + 6 * scene.pitch + 1)).toBeNull();
  });

  it("stays inside its width, names the query and the cell, and rings the cell", () => {
    expect(scene.area.x + scene.area.width).toBeLessThanOrEqual(520);
    expect(scene.rowLabels.filter(({ tone }) => tone === "strong").map(({ index }) => index)).toEqual([2, 5]);
    expect(scene.cross).toMatchObject({ x: scene.left + 8 * scene.pitch, y: scene.top + 5 * scene.pitch });
  });

  it("thins the names of many tokens and still draws all of them", () => {
    const many = differenceScene({
      queryLabels: names(900),
      keyLabels: names(900),
      width: 520,
      cell: null,
      rows: [],
      measure,
    });
    expect(many.rowLabels.length).toBeLessThan(60);
    expect(many.area.width).toBeLessThanOrEqual(520);
  });
});

describe("changes", () => {
  it("are pooled by the largest of either sign", () => {
    const values = Float32Array.from([0.1, -0.4, 0, 0.2, 0, 0, 0.3, 0.1, -0.2]);
    const pooled = pooledChanges({ values, queries: [0, 1, 2], keys: [0, 1, 2] }, 2);
    expect([pooled.rows, pooled.columns, pooled.pooling]).toEqual([2, 2, 2]);
    expect([...pooled.values].map((value) => +value.toFixed(2))).toEqual([-0.4, 0, 0.3, -0.2]);
    expect(largestChange(values)).toBeCloseTo(0.4);
  });

  it("have the middle of the ramp where nothing changed, and its ends at the largest", () => {
    const { signed } = palette(false, "");
    const pixels = signedMap(
      { values: Float32Array.from([-1, 0, 1]), rows: 1, columns: 3, pooling: 1, peak: 1 },
      signed,
    );
    for (const [index, place] of [0, 0.5, 1].entries())
      expect([...pixels.data.slice(4 * index, 4 * index + 3)]).toEqual([...rampColour(signed, place)]);
  });
});

describe("the wire", () => {
  const told = { queries: [0, 1], keys: [0], queryPieces: ["a", "b"], keyPieces: ["a"] };

  it("is read from a view that is not aligned, and refused in another size", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.from([0.5, -0.5]).buffer), 1);
    expect([...readDifference(told, new DataView(bytes.buffer, 1)).values]).toEqual([0.5, -0.5]);
    expect(() => readDifference({ ...told, keys: [0, 1] }, new DataView(bytes.buffer, 1))).toThrow("2 x 2");
  });
});
