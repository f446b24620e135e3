import { describe, expect, it } from "vitest";
import type { Brush } from "../../src/drawing/brush";
import { changePixels, thumbnailPixels, weightPixels } from "../../src/drawing/pixels";
import { paintGrid } from "../../src/heads/paint";
import { gridScene } from "../../src/heads/scene";
import { palette, rampColour } from "../../src/lib/colour";
import { type MatrixPicture, paintMatrix } from "../../src/matrix/paint";
import { matrixScene } from "../../src/matrix/scene";

/** A context that writes down what is done to it. */
function recorder(): { brush: Brush; calls: [string, unknown[]][] } {
  const calls: [string, unknown[]][] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (own, name: string) => own[name] ?? ((...values: unknown[]) => void calls.push([name, values])),
    set: (own, name: string, value) => {
      own[name] = value;
      return true;
    },
  });
  return { brush: { context: context as never, bitmap: () => ({}) as never }, calls };
}

const colours = palette(false, "Test");
const image = {} as never;

describe("pixels", () => {
  const { ramp } = colours.reads;

  it("leave what a causal map cannot see transparent", () => {
    const pixels = weightPixels(
      { values: [1, 0, 0.5, 0.5], rows: 2, columns: 2, full: 0.5, causal: true },
      ramp,
    );
    expect([3, 7, 11, 15].map((index) => pixels.data[index])).toEqual([255, 0, 255, 255]);
    expect(Array.from(pixels.data.slice(0, 3))).toEqual(Array.from(ramp.slice(-3)));
  });

  it("survive rows of NaN", () => {
    const pixels = weightPixels(
      { values: [Number.NaN, 1, 1, 1], rows: 2, columns: 2, full: 1, causal: false },
      ramp,
    );
    expect(Array.from(pixels.data.slice(0, 3))).toEqual(Array.from(ramp.slice(0, 3)));
  });

  it("put every thumbnail in its place", () => {
    const bytes = new Uint8Array(2 * 2 * 2 * 2);
    bytes[2 * 4 + 0] = 255; // layer 1, head 0, first cell
    const pixels = thumbnailPixels(bytes, [2, 2, 2, 2], false, () => 1, ramp);
    const at = (x: number, y: number) => Array.from(pixels.data.slice((y * 4 + x) * 4, (y * 4 + x) * 4 + 3));
    expect(at(0, 2)).toEqual(Array.from(ramp.slice(-3)));
    expect(at(2, 2)).toEqual(Array.from(ramp.slice(0, 3)));
  });

  it("give each thumbnail its own full tone where that is wished", () => {
    const bytes = Uint8Array.of(128, 255); // a quarter, and 1
    const tones = (full: (head: number) => number) => {
      const { data } = thumbnailPixels(bytes, [1, 2, 1, 1], false, full, ramp);
      return [0, 4].map((at) => Array.from(data.slice(at, at + 3)));
    };
    const [half, most] = [rampColour(ramp, 128 / 255), rampColour(ramp, 1)];
    expect(tones(() => 1)).toEqual([half, most]);
    expect(tones((head) => [(128 / 255) ** 2, 4][head] as number)).toEqual([most, rampColour(ramp, 0.5)]);
  });

  it("put a change on its side of the middle", () => {
    const { data } = changePixels(Float32Array.of(-0.25, 0, 1), [1, 3, 1, 1], false, () => 1, ramp);
    expect([0, 4, 8].map((at) => Array.from(data.slice(at, at + 3)))).toEqual(
      [0.25, 0.5, 1].map((place) => rampColour(ramp, place)),
    );
  });
});

describe("the grid", () => {
  const scene = gridScene([2, 2], 200);

  it("draws every head once, and one ring", () => {
    const { brush, calls } = recorder();
    paintGrid(
      brush,
      scene,
      {
        image,
        rows: 8,
        columns: 8,
        pinned: { layer: 0, head: 0 },
        hovered: null,
        wholeLayer: null,
        strong: "red",
      },
      colours,
    );
    expect(calls.filter(([name]) => name === "drawImage").map(([, values]) => values.slice(1, 3))).toEqual([
      [0, 0],
      [8, 0],
      [0, 8],
      [8, 8],
    ]);
    expect(calls.filter(([name]) => name === "stroke").length).toBe(4 + 1);
    expect(calls.filter(([name]) => name === "save").length).toBe(
      calls.filter(([name]) => name === "restore").length,
    );
  });

  it("draws no head for a layer without attention, and writes that it has none", () => {
    const { brush, calls } = recorder();
    paintGrid(
      brush,
      gridScene([0, 2], 200),
      {
        image,
        rows: 8,
        columns: 8,
        pinned: { layer: 1, head: 0 },
        hovered: null,
        wholeLayer: null,
        strong: "red",
      },
      colours,
    );
    const drawn = calls.filter(([name]) => name === "drawImage").map(([, values]) => values.slice(1, 3));
    expect(drawn).toEqual([
      [0, 8],
      [8, 8],
    ]);
    const written = calls.filter(([name]) => name === "fillText").map(([, values]) => values[0]);
    expect(written).toContain("no attention");
    expect(written).toContain("0");
  });

  it("draws boxes before there are thumbnails", () => {
    const { brush, calls } = recorder();
    paintGrid(
      brush,
      scene,
      { image: null, rows: 0, columns: 0, pinned: null, hovered: null, wholeLayer: null, strong: "red" },
      colours,
    );
    expect(calls.some(([name]) => name === "drawImage")).toBe(false);
  });
});

describe("the matrix", () => {
  const scene = (labels: string[], cell: { query: number; key: number } | null = null) =>
    matrixScene({
      labels,
      width: 400,
      direction: "reads",
      query: [0, 1],
      focus: [0, 1],
      cell,
      strong: [1],
      measure: (text) => text.length * 6,
    });
  const picture: MatrixPicture = {
    image,
    rows: 3,
    columns: 3,
    queriesEach: 1,
    keysEach: 1,
    full: 1,
    ramp: colours.reads.ramp,
    strong: "red",
    printed: (query, key) => (key > query ? null : 0.25),
  };

  it("hatches the columns of sinks, however many tokens a pixel has", () => {
    const { brush, calls } = recorder();
    const drawn = scene(Array.from({ length: 5 }, () => "a"));
    paintMatrix(
      brush,
      drawn,
      { ...picture, queriesEach: 2, keysEach: 2, printed: null, sinks: new Set([3]) },
      colours,
    );
    const hatched = calls.filter(
      ([name, [x]]) => name === "rect" && x === drawn.left + 2 * drawn.columnPitch,
    );
    expect(hatched.map(([, values]) => values)).toEqual([
      [drawn.left + 2 * drawn.columnPitch, drawn.top, 2 * drawn.columnPitch, drawn.down],
    ]);
  });

  it("draws one image over the whole square, whatever the pooling", () => {
    const { brush, calls } = recorder();
    const drawn = scene(Array.from({ length: 5 }, () => "a"));
    paintMatrix(brush, drawn, { ...picture, queriesEach: 2, keysEach: 2, printed: null }, colours);
    const [, values] = calls.find(([name]) => name === "drawImage") ?? ["", []];
    expect(values.slice(1)).toEqual([
      0,
      0,
      3,
      3,
      drawn.left,
      drawn.top,
      6 * drawn.columnPitch,
      6 * drawn.rowPitch,
    ]);
  });

  it("prints numbers in large cells, none where nothing can be seen", () => {
    const { brush, calls } = recorder();
    paintMatrix(brush, scene(["a", "b", "c"]), picture, colours);
    expect(calls.filter(([name, values]) => name === "fillText" && values[0] === ".25").length).toBe(6);
  });

  it("outlines the query, and the cell that is inspected", () => {
    const plain = recorder();
    const crossed = recorder();
    paintMatrix(plain.brush, scene(["a", "b"]), picture, colours);
    paintMatrix(crossed.brush, scene(["a", "b"], { query: 0, key: 0 }), picture, colours);
    const boxes = ({ calls }: typeof plain) => calls.filter(([name]) => name === "strokeRect").length;
    expect(boxes(crossed) - boxes(plain)).toBe(1);
  });

  it("writes tokens as they are, never as anything else", () => {
    const { brush, calls } = recorder();
    paintMatrix(brush, scene(["<b>", "</script>"]), picture, colours);
    expect(calls.filter(([name]) => name === "fillText").map(([, values]) => values[0])).toContain(
      "</script>",
    );
  });
});
