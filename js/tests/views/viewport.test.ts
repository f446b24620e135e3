import { describe, expect, it } from "vitest";
import {
  between,
  clampViewport,
  extentOf,
  isZoomed,
  leastSpan,
  type Plot,
  panBy,
  pinch,
  reveal,
  wholeMap,
  zoomAbout,
  zoomTo,
} from "../../src/matrix/viewport";
import type { Viewport } from "../../src/wire/types";

const squareOf = (count: number, size: number): Plot => ({
  queries: count,
  keys: count,
  across: size,
  down: size,
});

const squares: Plot[] = [
  squareOf(1, 60),
  squareOf(7, 420),
  squareOf(24, 480),
  squareOf(512, 560),
  squareOf(8192, 500),
];

/** The same numbers at every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const next = random(7);
const cases = squares.flatMap((square) =>
  Array.from({ length: 40 }, () => {
    const span = leastSpan(square) + next() * (square.keys - leastSpan(square));
    const view = clampViewport({ query: next() * square.keys, key: next() * square.keys, span }, square);
    return { square, view, at: { x: next(), y: next() }, to: { x: next(), y: next() } };
  }),
);

const tokenAt = (view: Viewport, at: { x: number; y: number }) => [
  view.key + at.x * view.span,
  view.query + at.y * view.span,
];

const closeTo = (one: readonly (number | undefined)[], other: readonly number[]) => {
  other.forEach((value, index) => {
    expect(one[index]).toBeCloseTo(value, 6);
  });
};

const inside = (view: Viewport, plot: Plot) => {
  const count = plot.keys;
  expect(view.span).toBeLessThanOrEqual(count);
  expect(view.span).toBeGreaterThanOrEqual(leastSpan(plot));
  for (const first of [view.query, view.key]) {
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first + view.span).toBeLessThanOrEqual(count + 1e-9);
  }
};

describe("a viewport", () => {
  it("is the whole map until something is asked of it", () => {
    for (const square of squares) {
      const { keys: count } = square;
      expect(clampViewport(wholeMap, square)).toEqual({ query: 0, key: 0, span: count });
      expect(extentOf(wholeMap, square)).toEqual({ rows: [0, count], columns: [0, count] });
      expect(isZoomed(clampViewport(wholeMap, square), square)).toBe(false);
    }
  });

  it("keeps what is at a place there while it is enlarged", () => {
    for (const { square, view, at } of cases)
      for (const factor of [1, 1.1, 2, 1000])
        closeTo(tokenAt(zoomAbout(view, factor, at, square), at), tokenAt(view, at));
  });

  it("comes back where it was when it is enlarged and made smaller about one place", () => {
    for (const { square, view, at } of cases) {
      const there = zoomAbout(view, 1.01, at, square);
      const back = zoomAbout(there, view.span / there.span === 1 ? 1 : there.span / view.span, at, square);
      closeTo([back.query, back.key, back.span], [view.query, view.key, view.span]);
    }
  });

  it("never shows anything but the map, nor a cell larger than is of use", () => {
    for (const { square, view, at, to } of cases) {
      for (const factor of [0.001, 0.5, 3, 1e6]) {
        inside(zoomAbout(view, factor, at, square), square);
        inside(pinch(view, factor, at, to, square), square);
      }
      inside(panBy(view, { x: at.x * 40 - 20, y: to.y * 40 - 20 }, square), square);
      inside(zoomTo({ query: Math.floor(at.y * square.keys), key: 0 }, square), square);
    }
  });

  it("follows the hand, and stops at the border", () => {
    const square = squareOf(100, 500);
    const view = { query: 40, key: 50, span: 20 };
    expect(panBy(view, { x: 0.5, y: -0.25 }, square)).toEqual({ query: 45, key: 40, span: 20 });
    expect(panBy(view, { x: 90, y: -90 }, square)).toEqual({ query: 80, key: 0, span: 20 });
  });

  it("brings what two fingers hold along with them", () => {
    const square = squareOf(1000, 500);
    const view = { query: 400, key: 400, span: 200 };
    const [from, to] = [
      { x: 0.4, y: 0.6 },
      { x: 0.5, y: 0.5 },
    ];
    closeTo(tokenAt(pinch(view, 2, from, to, square), to), tokenAt(view, from));
    expect(pinch(view, 2, from, to, square).span).toBe(100);
  });

  it("moves no further than it must to show a cell", () => {
    const square = squareOf(100, 500);
    const view = { query: 40, key: 40, span: 20 };
    expect(reveal(view, { query: 45, key: 59 }, square)).toEqual(view);
    expect(reveal(view, { query: 39, key: 60 }, square)).toEqual({ query: 39, key: 41, span: 20 });
    for (const { square, view, at, to } of cases) {
      const cell = { query: Math.floor(at.y * square.keys), key: Math.floor(to.x * square.keys) };
      const found = reveal(view, cell, square);
      inside(found, square);
      if (found.span < 1) continue;
      expect(found.query).toBeLessThanOrEqual(cell.query + 1e-9);
      expect(found.query + found.span).toBeGreaterThanOrEqual(cell.query + 1 - 1e-9);
    }
  });

  it("goes to a cell so that it can be read", () => {
    const square = squareOf(1300, 520);
    const { query, key, span } = zoomTo({ query: 700, key: 1299 }, square);
    expect(square.across / span).toBeCloseTo(28);
    expect(query + span / 2).toBeCloseTo(700.5);
    expect(key + span).toBe(1300);
  });

  it("begins and ends a movement where it should, and keeps the place it is about", () => {
    const square = squareOf(1000, 500);
    const from = { query: 100, key: 200, span: 400 };
    const at = { x: 0.3, y: 0.7 };
    const to = zoomAbout(from, 5, at, square);
    expect(between(from, to, 0)).toEqual(from);
    expect(between(from, to, 1)).toEqual(to);
    for (const share of [0.1, 0.5, 0.9]) closeTo(tokenAt(between(from, to, share), at), tokenAt(from, at));
  });

  it("survives a text that shrinks under it", () => {
    const far = { query: 900, key: 900, span: 50 };
    expect(clampViewport(far, squareOf(60, 500))).toEqual({ query: 10, key: 10, span: 50 });
    expect(isZoomed(clampViewport(far, squareOf(20, 500)), squareOf(20, 500))).toBe(false);
  });
});
