import { describe, expect, it } from "vitest";
import { expectedRows } from "../../src/focus/candidates";
import { shadesOf } from "../../src/heads/shades";
import { hexOf, palette, ramp, rampColour, rgbOf, signedTone } from "../../src/lib/colour";
import { matrixFrame, matrixScene } from "../../src/matrix/scene";
import { replacedIn } from "../../src/views/compare/context";
import {
  changedMost,
  changePicture,
  clearerThan,
  largestChange,
  pooledChanges,
  sightOf,
} from "../../src/views/compare/picture";
import {
  namesOf,
  numberIn,
  placeIn,
  placesOf,
  readsItself,
  replacedAlong,
  startIn,
} from "../../src/views/compare/places";
import { type Difference, readDifference } from "../../src/wire/difference";
import type { Metric } from "../../src/wire/metric";
import type { Span, Tokens, Viewport } from "../../src/wire/types";

const colours = palette(false, "");

/** A difference over every second token of a text, in which each pair has its own number. */
function difference(queries: number, keys = queries): Difference {
  const every = (count: number) => Array.from({ length: count }, (_, place) => 2 * place);
  const pieces = (count: number) => every(count).map((token) => `word${token}`);
  const shared = { queries: every(queries), keys: every(keys), heldQueries: [], heldKeys: [] };
  const values = Float32Array.from({ length: queries * keys }, (_, index) => Math.sin(index));
  return {
    ...shared,
    layer: 0,
    head: 1,
    queryPieces: pieces(queries),
    keyPieces: pieces(keys),
    heldQueryPieces: pieces(queries),
    heldKeyPieces: pieces(keys),
    replaced: [],
    counts: [2 * queries, 2 * queries],
    dropped: [0, 0],
    recipe: "thought up",
    values,
  };
}

function sceneOf({ queryPieces, keyPieces }: Difference, viewport?: Viewport) {
  const input = {
    labels: queryPieces,
    keyLabels: keyPieces,
    width: 620,
    measure: (text: string) => text.length * 6,
    direction: "reads",
    query: [0, 1],
    focus: [0, 1],
    cell: null,
    strong: [],
    ...(viewport === undefined ? {} : { viewport }),
  } as const;
  return matrixScene(input, matrixFrame(input));
}

const pictureOf = (all: Difference, viewport?: Viewport) =>
  changePicture(all, 1, sightOf(sceneOf(all, viewport), all), "reads", colours);

describe("the picture of a difference", () => {
  it("has the middle of the ramp where nothing changed, and its ends at the largest", () => {
    const all = { ...difference(1, 3), values: Float32Array.from([-1, 0, 1]) };
    const { image } = pictureOf(all);
    for (const [index, place] of [0, 0.5, 1].entries())
      expect([...image.data.slice(4 * index, 4 * index + 3)]).toEqual([...rampColour(colours.signed, place)]);
  });

  it("paints nothing where a weight changed by less than a thousandth", () => {
    const all = { ...difference(1, 3), values: Float32Array.from([-0.0009, 0.0009, 0.002]) };
    const colour = (index: number) => [...pictureOf(all).image.data.slice(4 * index, 4 * index + 3)];
    const middle = [...rampColour(colours.signed, 0.5)];
    expect([colour(0), colour(1)]).toEqual([middle, middle]);
    expect(colour(2)).not.toEqual(middle);
  });

  it("shows every pair as soon as one has a pixel, wherever the map is zoomed to", () => {
    const all = difference(1500);
    const whole = pictureOf(all);
    expect([whole.queriesEach, whole.printed]).toEqual([3, null]);
    const near = pictureOf(all, { query: 700, key: 1100, span: 300 });
    expect([near.queriesEach, near.keysEach]).toEqual([1, 1]);
    const { query = 0, key = 0 } = near.first ?? {};
    for (const [row, column] of [
      [700, 1100],
      [850, 1399],
      [999, 1250],
    ] as const) {
      const value = all.values[row * 1500 + column] as number;
      expect(near.printed?.(row, column)).toBe(value);
      const at = 4 * ((row - query) * near.columns + column - key);
      expect([...near.image.data.slice(at, at + 3)]).toEqual([
        ...rampColour(colours.signed, signedTone(value, 1)),
      ]);
    }
    expect(near.rows * near.columns).toBeLessThan(800 * 800);
  });

  it("is the same one while the map is moved by little", () => {
    const all = difference(1500);
    const sight = (query: number) => sightOf(sceneOf(all, { query, key: 1100, span: 100 }), all);
    expect(sight(801)).toEqual(sight(800));
  });
});

describe("changes", () => {
  it("are pooled by the largest of either sign", () => {
    const values = Float32Array.from([0.1, -0.4, 0, 0.2, 0, 0, 0.3, 0.1, -0.2]);
    const pooled = pooledChanges(values, 3, 2);
    expect([pooled.rows, pooled.columns]).toEqual([2, 2]);
    expect([...pooled.values].map((value) => +value.toFixed(2))).toEqual([-0.4, 0, 0.3, -0.2]);
    expect(largestChange(values)).toBeCloseTo(0.4);
  });
});

describe("places", () => {
  const all = difference(4);

  it("are told by the numbers that tokens have in the text on show", () => {
    expect([0, 3].map((place) => numberIn(all)("key", place))).toEqual([0, 6]);
    expect(readsItself(all)).toBe(true);
    expect(readsItself(difference(4, 3))).toBe(false);
  });

  it("are found for a span of tokens, and none for a token that the other text has not", () => {
    expect(placesOf(all, "query", [2, 5])).toEqual([1, 3]);
    expect(placesOf(all, "query", [3, 4])).toEqual([2, 2]);
    expect(placeIn("reads", placesOf(all, "query", [2, 5]))).toEqual({ side: "query", place: 1 });
    expect(placeIn("read_by", placesOf(all, "query", [3, 4]))).toBeNull();
  });

  it("begin with the largest change of what is looked at", () => {
    const values = Float32Array.from([0, 0, 0, 0, 0.1, 0.2, -0.9, 0.3, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(startIn({ ...all, values }, "reads", [1, 2])).toEqual({ query: 1, key: 2 });
    expect(startIn({ ...all, values }, "read_by", [2, 3])).toEqual({ query: 1, key: 2 });
  });
});

describe("what was replaced", () => {
  const pairs = {
    ...difference(3),
    queryPieces: ["is", "Oslo", "."],
    heldQueryPieces: ["is", "Paris", "."],
  };

  it("has its row under both names", () => {
    expect(namesOf(pairs, "query")).toEqual(["is", "Paris → Oslo", "."]);
    expect(replacedAlong(pairs, "query")).toEqual([1]);
    expect(replacedAlong(pairs, "key")).toEqual([]);
  });

  it("is named on an axis that has no room for all", () => {
    const labels = Array.from({ length: 300 }, (_, place) => `word${place}`);
    const input = {
      labels,
      width: 400,
      measure: (text: string) => text.length * 6,
      direction: "reads",
      query: [299, 300],
      focus: [299, 300],
      cell: null,
      strong: [],
      named: { query: [151, 152], key: [] },
    } as const;
    const words = matrixScene(input).rowLabels.filter(({ text }) => text.startsWith("word"));
    expect(words.map(({ text, tone }) => [text, tone])).toEqual([
      ["word151", "strong"],
      ["word299", "point"],
    ]);
  });

  const text = "The capital of France is Oslo. The river bank was quiet.";
  const span = (word: string): Span => [text.indexOf(word), text.indexOf(word) + word.length];
  const tokens = { spans: ["is", "Oslo", ". The", "quiet"].map(span) } as unknown as Tokens;
  const change = { first: [1, 2], before: "Paris", after: "Oslo" } as const;

  it("stands among the words around it", () => {
    const { listed, more } = replacedIn([{ ...change, second: [1, 2] }], tokens, [text]);
    expect(listed.map(({ lead, trail }) => [lead, trail])).toEqual([["…of France is", ". The river…"]]);
    expect(more).toBe(0);
  });

  it("may be nothing any more, or more than are listed", () => {
    const gone = replacedIn([{ ...change, second: [1, 1], after: "" }], tokens, [text]);
    expect(gone.listed[0]).toMatchObject({ lead: "…of France is", trail: " Oslo. The river…" });
    const many = Array.from({ length: 9 }, () => ({ ...change, second: [1, 2] as const }));
    expect(replacedIn(many, tokens, [text])).toMatchObject({ more: 3 });
  });
});

describe("the heads", () => {
  const heads: Metric = {
    name: "change",
    unit: "change",
    recipe: "thought up",
    low: 0.1,
    high: 0.5,
    layers: 2,
    heads: 2,
    labels: null,
    values: Float32Array.of(0.1, 0.5, Number.NaN, 0.3),
  };

  it("that changed most come first, and none that a layer has not", () => {
    expect(changedMost(heads).map(({ layer, head }) => `L${layer}H${head}`)).toEqual([
      "L0H1",
      "L1H1",
      "L0H0",
    ]);
    expect(changedMost({ heads: 2, values: Float32Array.of(0.0001, 0) })).toEqual([]);
  });

  it("lead from a head that hardly changed to the one that changed most", () => {
    const two = { heads: 2, values: Float32Array.of(0.05, 0.75) };
    expect(clearerThan(two, { layer: 0, head: 0 })?.most).toEqual({ layer: 0, head: 1, value: 0.75 });
    expect(clearerThan(two, { layer: 0, head: 1 })).toBeNull();
    expect(clearerThan({ heads: 2, values: Float32Array.of(0.05, 0.09) }, { layer: 0, head: 0 })).toBeNull();
  });

  it("are shaded by the tone of a weight, whatever the largest change is", () => {
    const { cells } = shadesOf(heads, ramp([rgbOf("#ffffff"), rgbOf("#000000")]), colours);
    expect(cells.map((cell) => cell?.text)).toEqual([".10", ".50", undefined, ".30"]);
    expect(cells[1]?.fill).toBe(hexOf([75, 75, 75])); // the square root of a half
  });
});

describe("what is expected", () => {
  const row = (piece: string, before: number, after: number) => ({ piece, before, after });
  const rows = [row("a", 0.1, 0.4), row("b", 0.5, 0.3), row("c", 0, 0.2), row("d", 0.01, 0.1)];
  const more = [...rows, row("e", 0.02, 0.05), row("f", 0.3, 0.01)];

  it("has the five likeliest of either text in the order of the one on show, with what each gained", () => {
    const found = expectedRows({ kind: "next token", position: 3, rows: more });
    expect(found.map(({ piece }) => piece)).toEqual(["a", "b", "c", "d", "f"]);
    expect(found.map(({ gain }) => +gain.toFixed(2))).toEqual([0.3, -0.2, 0.2, 0.09, -0.29]);
  });
});

describe("the wire", () => {
  const told = { queries: [0, 1], keys: [0], queryPieces: ["a", "b"], keyPieces: ["a"] };

  it("is read from a view that is not aligned, and refused in another size", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.from([0.5, -0.5]).buffer), 1);
    const values = new DataView(bytes.buffer, 1);
    expect([...readDifference(told, [values]).values]).toEqual([0.5, -0.5]);
    expect(() => readDifference({ ...told, keys: [0, 1] }, [values])).toThrow("2 x 2");
    expect(() => readDifference(told, [])).toThrow("without its numbers");
  });
});
