import { describe, expect, it } from "vitest";
import { weightPixels } from "../../src/drawing/pixels";
import { palette } from "../../src/lib/colour";
import { type MatrixPicture, paintMatrix } from "../../src/matrix/paint";
import { type MatrixInput, matrixFrame, matrixHit, matrixScene } from "../../src/matrix/scene";
import type { Viewport } from "../../src/wire/types";

const input = (count: number, viewport?: Viewport, more: Partial<MatrixInput> = {}): MatrixInput => ({
  labels: Array.from({ length: count }, (_, index) => `token${index}`),
  width: 556,
  direction: "reads",
  query: [1, 2],
  focus: [1, 2],
  cell: null,
  strong: [],
  measure: (text) => text.length * 6,
  ...(viewport === undefined ? {} : { viewport }),
  ...more,
});

const near = { query: 400, key: 380, span: 20 };

describe("a zoomed matrix", () => {
  it("stays in its square: only what is in it changes", () => {
    const whole = matrixScene(input(1300));
    const zoomed = matrixScene(input(1300, near));
    for (const side of ["left", "top", "across", "down", "width", "height"] as const)
      expect(zoomed[side]).toBe(whole[side]);
    expect(zoomed.columnPitch).toBeCloseTo(whole.across / 20);
    expect([zoomed.rows, zoomed.columns]).toEqual([
      [400, 420],
      [380, 400],
    ]);
    expect([whole.zoomed, zoomed.zoomed]).toEqual([false, true]);
  });

  it("finds the cell that is drawn under a point", () => {
    const scene = matrixScene(input(1300, near, { cell: { query: 407, key: 399 } }));
    const { x, y, width, height } = scene.cross ?? { x: 0, y: 0, width: 0, height: 0 };
    expect(matrixHit(scene, x + width / 2, y + height / 2)).toEqual({ kind: "cell", query: 407, key: 399 });
    expect(matrixHit(scene, scene.left - 5, y + 1)).toEqual({ kind: "row", token: 407 });
    expect(matrixHit(scene, scene.left + scene.across + 2, y)).toBeNull();
  });

  it("names every token that there is room for, each beside its own row and column", () => {
    const scene = matrixScene(input(1300, near));
    expect(scene.rowLabels.map(({ text }) => text)).toEqual(
      Array.from({ length: 20 }, (_, index) => `token${400 + index}`),
    );
    for (const { index, y } of scene.rowLabels)
      expect(matrixHit(scene, scene.left + 1, y)).toMatchObject({ query: index });
    for (const { index, x } of scene.columnLabels)
      expect(matrixHit(scene, x, scene.top + 1)).toMatchObject({ key: index });
  });

  it("shows more labels the closer it is, and numbers where they no longer make a text", () => {
    const texts = (span: number) => matrixScene(input(1300, { query: 0, key: 0, span })).rowLabels;
    expect(texts(1300)[1]?.text).toMatch(/^\d+$/);
    expect(texts(40)[1]?.text).toBe("token1");
    const shares = [1300, 400, 100, 40].map((span) => texts(span).length / span);
    expect([...shares].sort((one, other) => one - other)).toEqual(shares);
    for (const span of [1300, 400, 100, 40]) {
      const places = texts(span).map(({ y }) => y);
      for (const [index, y] of places.slice(1).entries())
        expect(y - (places[index] as number)).toBeGreaterThanOrEqual(10.99);
    }
  });

  it("names stretches of a sound by their time, however many there are", () => {
    const labels = Array.from({ length: 1300 }, (_, frame) => `${(frame * 0.02).toFixed(2)} s`);
    const scene = matrixScene(input(1300, { query: 0, key: 0, span: 1300 }, { labels }));
    expect(scene.rowLabels.map(({ index, text }) => text === labels[index])).not.toContain(false);
    const together = matrixScene(input(1300, undefined, { labels, query: [10, 20], focus: [10, 20] }));
    expect(together.rowLabels.map(({ text }) => text)).toContain("0.20–0.38 s");
  });

  it("keeps tilted labels on the canvas, whichever column is the last in sight", () => {
    const scene = matrixScene(input(400, { query: 0, key: 91.5, span: 30 }));
    expect(scene.tilted).toBe(true);
    for (const { x, text } of scene.columnLabels)
      expect(x + text.length * 6 * Math.cos((55 * Math.PI) / 180)).toBeLessThanOrEqual(scene.width + 6);
  });

  it("marks row and column of the cell that is looked at, at any zoom", () => {
    for (const viewport of [undefined, near]) {
      const { guides, cross, left, top, across, down } = matrixScene(
        input(1300, viewport, { cell: { query: 405, key: 385 } }),
      );
      expect(guides).toEqual([
        { x: left, y: cross?.y, width: across, height: cross?.height },
        { x: cross?.x, y: top, width: cross?.width, height: down },
      ]);
    }
  });

  it("says beside the square which part of the map it is, without leaving the canvas", () => {
    expect(matrixScene(input(1300)).thumbs).toEqual([]);
    for (const view of [near, { query: 0, key: 0, span: 5 }, { query: 1295, key: 1295, span: 5 }]) {
      const { thumbs, left, top, across: size, width, height } = matrixScene(input(1300, view));
      expect(thumbs.length).toBe(2);
      for (const thumb of thumbs) {
        expect(thumb.x).toBeGreaterThanOrEqual(left);
        expect(thumb.y).toBeGreaterThanOrEqual(top);
        expect(thumb.x + thumb.width).toBeLessThanOrEqual(Math.min(width, left + size + 6));
        expect(thumb.y + thumb.height).toBeLessThanOrEqual(height);
      }
    }
  });

  it("may be given the frame that was worked out before", () => {
    const asked = input(300, near);
    expect(matrixScene(asked, matrixFrame(asked))).toEqual(matrixScene(asked));
  });
});

/** What is drawn of an image, and where. */
function drawn(picture: Partial<MatrixPicture>, viewport: Viewport, count = 1300) {
  const calls: [string, unknown[]][] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (own, name: string) => own[name] ?? ((...values: unknown[]) => void calls.push([name, values])),
    set: (own, name: string, value) => {
      own[name] = value;
      return true;
    },
  });
  const colours = palette(false, "Test");
  const scene = matrixScene(input(count, viewport));
  const whole = {
    rows: 434,
    columns: 434,
    queriesEach: 3,
    keysEach: 3,
    full: 1,
    printed: null,
    strong: "red",
  };
  paintMatrix(
    { context: context as never, bitmap: () => ({}) as never },
    scene,
    { image: {} as never, ramp: colours.reads.ramp, ...whole, ...picture },
    colours,
  );
  const images = calls
    .filter(([name]) => name === "drawImage")
    .map(([, values]) => values.slice(1) as number[]);
  return { scene, calls, images };
}

describe("painting a zoomed matrix", () => {
  it("hands over only the pixels in sight, at their place", () => {
    const { scene, images } = drawn({}, near);
    expect(images.length).toBe(1);
    const [x, y, width, height, left, top, across, down] = images[0] as number[];
    // Tokens 380 to 400 lie in the pooled columns 126 to 134, of which the first begins at token 378.
    expect([x, y, width, height]).toEqual([126, 133, 8, 7]);
    expect(left).toBeCloseTo(scene.left - 2 * scene.columnPitch);
    expect(top).toBeCloseTo(scene.top - 1 * scene.rowPitch);
    expect(across).toBeCloseTo(24 * scene.columnPitch);
    expect(down).toBeCloseTo(21 * scene.rowPitch);
  });

  it("puts an image that begins inside the map where it belongs", () => {
    const mosaic = { rows: 128, columns: 256, queriesEach: 1, keysEach: 1, first: { query: 384, key: 256 } };
    const { scene, images } = drawn(mosaic, near);
    const [x, y, width, height, left, top] = images[0] as number[];
    expect([x, y, width, height]).toEqual([124, 16, 20, 20]);
    expect([left, top]).toEqual([scene.left, scene.top]);
  });

  it("prints the numbers in sight and no others", () => {
    const asked: number[][] = [];
    const printed = (query: number, key: number) => {
      asked.push([query, key]);
      return 0.5;
    };
    drawn({ printed }, { query: 10, key: 20, span: 5 });
    expect(asked.length).toBe(25);
    expect([asked[0], asked.at(-1)]).toEqual([
      [10, 20],
      [14, 24],
    ]);
  });

  it("restores what it saves", () => {
    const { calls } = drawn({}, near);
    const times = (name: string) => calls.filter(([known]) => known === name).length;
    expect(times("save")).toBe(times("restore"));
  });
});

describe("the pixels of a rectangle", () => {
  it("leave open what a causal map cannot see, wherever the rectangle is", () => {
    const { ramp } = palette(false, "Test").reads;
    const alpha = (shift: number) => {
      const pixels = weightPixels(
        { values: [1, 1, 1, 1, 1, 1], rows: 2, columns: 3, full: 1, causal: true, shift },
        ramp,
      );
      return Array.from({ length: 6 }, (_, index) => (pixels.data[index * 4 + 3] === 255 ? 1 : 0));
    };
    expect(alpha(0)).toEqual([1, 0, 0, 1, 1, 0]);
    expect(alpha(1)).toEqual([1, 1, 0, 1, 1, 1]);
    expect(alpha(9)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(alpha(-5)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
