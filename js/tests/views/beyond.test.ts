import { describe, expect, it } from "vitest";
import { beyondOf, revealed } from "../../src/matrix/beyond";
import { matrixScene } from "../../src/matrix/scene";
import type { Viewport } from "../../src/wire/types";

const labels = Array.from({ length: 40 }, (_, token) => `t${token}`);

const scene = (viewport?: Viewport) =>
  matrixScene({
    labels,
    width: 600,
    measure: (text: string) => text.length * 6,
    direction: "reads",
    query: [0, 1],
    focus: [0, 1],
    cell: null,
    strong: [],
    ...(viewport && { viewport }),
  } as never);

describe("what lies beyond the edges of a zoomed map", () => {
  const zoomed = scene({ query: 10.5, key: 20, span: 10 });

  it("is told by the edge, and not while any of it is in sight", () => {
    const edges = (side: "query" | "key", ...places: number[]) =>
      places.map((place) => beyondOf(zoomed, [{ side, place }])[0]?.edge);
    expect(edges("query", 9, 10, 20, 21)).toEqual(["top", undefined, undefined, "bottom"]);
    expect(edges("key", 19, 20, 29, 30)).toEqual(["left", undefined, undefined, "right"]);
    expect(beyondOf(scene(), [{ side: "query", place: 39 }])).toEqual([]);
    expect(beyondOf(zoomed, [{ side: "query", place: 40 }])).toEqual([]);
  });

  it("is one for an edge, of the place that is looked at last", () => {
    const looked = [
      { side: "query", place: 2 },
      { side: "query", place: 5 },
      { side: "key", place: 5 },
    ] as const;
    expect(beyondOf(zoomed, looked)).toEqual([
      { edge: "top", side: "query", place: 5 },
      { edge: "left", side: "key", place: 5 },
    ]);
  });

  it("comes into sight as a whole, and the other axis stays", () => {
    expect(revealed({ side: "query", place: 3 }, zoomed)).toEqual({ query: 3, key: 20, span: 10 });
    expect(revealed({ side: "key", place: 35 }, zoomed)).toEqual({ query: 10.5, key: 26, span: 10 });
  });
});
