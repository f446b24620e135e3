import { describe, expect, it } from "vitest";
import { headRows, headWidth } from "../../src/views/model/head-pictures";
import type { Frame } from "../../src/wire/types";

/** Bytes of the square-root scale. */
const bytes = (weights: readonly number[]) => weights.map((weight) => Math.round(255 * Math.sqrt(weight)));

const tokens = { pieces: ["[CLS]", "0,0", "0,1"], places: [null, [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]] };

function frame(change: object = {}): Frame {
  const rows = [
    [0.9, 0.1, 0],
    [0.2, 0.8, 0],
    [0.5, 0.25, 0.25],
    [0, 0, 0],
  ];
  const data = Uint8Array.from(rows.flatMap(bytes));
  const header = { heads: [2, 1], query: [0, 1], direction: "reads" };
  return { header, previews: { shape: [2, 2, 3], data }, ...change } as unknown as Frame;
}

describe("every head over a picture", () => {
  it("has its row from the frame, layer by layer, on the scale of the patches", () => {
    const found = headRows(frame(), tokens as never);
    expect(found?.heads).toEqual([
      { layer: 0, head: 0 },
      { layer: 0, head: 1 },
      { layer: 1, head: 0 },
    ]);
    const rounded = Array.from(found?.values ?? [], (value) => Math.round(value * 100) / 100);
    expect(rounded).toEqual([0.9, 0.1, 0, 0.2, 0.8, 0, 0.5, 0.25, 0.25]);
    expect(found?.peak).toBeCloseTo(0.8, 2); // and not what rests on [CLS]
  });

  it("is the grid's where there is no picture, no row, or a change", () => {
    expect(headRows(frame({ previews: null }), tokens as never)).toBeNull();
    expect(headRows(frame({ changes: {} }), tokens as never)).toBeNull();
    expect(headRows(frame(), { pieces: ["a", "b", "c"] })).toBeNull();
    expect(headRows(frame(), { ...tokens, pieces: ["a"] } as never)).toBeNull();
  });

  it("is as large as there is room for all heads, and no smaller than can be read", () => {
    expect(headWidth({ width: 620, tallest: 280 }, 3, 4, 1)).toBe(80);
    expect(headWidth({ width: 620, tallest: 280 }, 12, 12, 1)).toBe(36);
    expect(headWidth({ width: 620 }, 3, 2, 1)).toBe(170);
    expect(headWidth({ width: 200, tallest: 900 }, 2, 12, 1)).toBe(9);
  });
});
