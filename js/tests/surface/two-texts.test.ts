import { describe, expect, it } from "vitest";
import { fieldOf } from "../../src/focus/fields";
import { columnOf, mapOfFrame, mapOfThumbnail, rowOf, weightAt } from "../../src/focus/maps";
import { type MatrixInput, matrixHit, matrixScene } from "../../src/matrix/scene";
import { clampViewport, extentOf, leastSpan, type Plot, zoomAbout } from "../../src/matrix/viewport";
import { isAsked } from "../../src/session/axes";
import { askedAt, directionPatch, partPatch, queryPatch, secondPatch } from "../../src/session/patches";
import type { Session } from "../../src/session/session";
import { linesFrame, linesHit, unscrolled } from "../../src/views/lines/scene";
import { decodeFrame } from "../../src/wire/decode";
import type { About, Frame, Header, Tokens } from "../../src/wire/types";
import { frameBytes } from "../frames";

const tokensOf = (pieces: readonly string[], field: number): Tokens => {
  let place = 0;
  const spans = pieces.map((piece) => {
    if (piece.startsWith("[")) return [-1, -1] as const;
    const start = place;
    place += piece.length + 1;
    return [start, place - 1] as const;
  });
  const none = pieces.map(() => false);
  const rest = {
    words: pieces.map((_, at) => at),
    special: none,
    padding: none,
    segment: pieces.map(() => 0),
  };
  return { pieces, spans, ...rest, ...(field === 0 ? {} : { fields: pieces.map(() => field) }) };
};

const keys = tokensOf(["the", "river", "bank"], 0);
const queries = tokensOf(["[PAD]", "Fluss"], 1);

/** Two queries that read three keys. */
function crossing(change: Partial<Header> = {}): Frame {
  const header = {
    tokens: queries,
    key_tokens: keys,
    causal: false,
    sinks: [],
    query: [1, 2] as const,
    ...change,
  };
  return decodeFrame(
    frameBytes(header, [
      { name: "matrix", dtype: "f32", shape: [2, 3], values: [0.5, 0.25, 0.25, 0.125, 0.75, 0.125] },
      ...(header.direction === "read_by"
        ? [{ name: "column", dtype: "f32", shape: [2], values: [0.25, 0.75] } as const]
        : [{ name: "row", dtype: "f32", shape: [3], values: [0.125, 0.75, 0.125] } as const]),
      { name: "thumbnails", dtype: "u8", shape: [1, 1, 2, 3], values: [180, 127, 127, 90, 221, 90] },
    ]),
  );
}

describe("a map between two texts", () => {
  it("has as many rows as queries and as many columns as keys", () => {
    const map = mapOfFrame(crossing());
    expect([map.square, map.queries, map.keys]).toEqual([false, 2, 3]);
    expect(weightAt(map, 1, 1)).toBe(0.75);
    expect(Array.from(rowOf(map, [0, 1]))).toEqual([0.5, 0.25, 0.25]);
    expect(Array.from(columnOf(map, [1, 3]))).toEqual([0.5, 0.875]);
    expect([map.row === null, map.column === null]).toEqual([false, true]);
  });

  it("is known from a thumbnail of the same shape", () => {
    const map = mapOfThumbnail(crossing(), { layer: 0, head: 0 });
    expect([map?.rows, map?.columns, map?.queriesEach, map?.keysEach]).toEqual([2, 3, 1, 1]);
    expect(map && weightAt(map, 1, 1)).toBeCloseTo(0.75, 2);
  });
});

describe("a turn between two texts", () => {
  it("pins what was pointed at, on its own axis", () => {
    expect(queryPatch(crossing(), [2, 3], "key")).toEqual({ query: [2, 3], direction: "read_by" });
    expect(queryPatch(crossing(), [1, 2], "query")).toEqual({ query: [1, 2], direction: "reads" });
    expect(queryPatch(decodeFrame(frameBytes()), [1, 2], "key")).toEqual({ query: [1, 2] });
  });

  it("goes over to what was looked at most", () => {
    expect(directionPatch(crossing(), "read_by")).toEqual({ direction: "read_by", query: [1, 2] });
    const readBy = crossing({ direction: "read_by", query: [1, 2] });
    expect(directionPatch(readBy, "reads")).toEqual({ direction: "reads", query: [1, 2] });
    expect(directionPatch(crossing(), "reads")).toEqual({ direction: "reads" });
    expect(directionPatch(decodeFrame(frameBytes()), "read_by")).toEqual({ direction: "read_by" });
  });

  it("keeps the token that is looked at from part to part, and opens a target with the cross map", () => {
    expect(partPatch("encoder", "cross")).toEqual({ part: "cross", direction: "read_by" });
    expect(partPatch("decoder", "cross")).toEqual({ part: "cross" });
    const about = (second: "target" | "pair") => ({ model: { second } }) as unknown as About;
    expect(secondPatch(about("target"), true)).toEqual({ part: "cross", direction: "reads" });
    expect(secondPatch(about("target"), false)).toEqual({ pair: "", part: "encoder", direction: "reads" });
    expect(secondPatch(about("pair"), true)).toEqual({});
  });

  it("asks by the caret only where its text is in the part", () => {
    const caret = (field: 0 | 1) => ({ span: [2, 2] as const, field });
    expect(askedAt(caret(1), crossing(), [0, 1])).toEqual({ caret: [2, 2], field: 1 });
    expect(askedAt(caret(0), crossing(), [0, 1])).toEqual({ caret: [2, 2] });
    const decoder = crossing({ key_tokens: null });
    expect(askedAt(caret(0), decoder, [0, 1])).toEqual({ query: [0, 1] });
    expect([isAsked(decoder.header, 0), isAsked(decoder.header, 1)]).toEqual([false, true]);
  });
});

describe("the two text fields", () => {
  const session = (frame: Frame) =>
    ({
      traits: { text: { value: "the river bank" }, pair: { value: "Fluss" } },
      shown: { value: { text: "the river bank", pair: "Fluss", frame } },
      turns: { of: () => null },
    }) as unknown as Session;
  const marks = (frame: Frame, direction: "reads" | "read_by", number: 0 | 1) => {
    const { segments, chips, asks, answers } = fieldOf(session(frame), direction, number);
    return { words: segments.flatMap(({ text, mark }) => (mark ? [text] : [])), chips, asks, answers };
  };

  it("show the queries in one and the keys in the other, whichever way one looks", () => {
    const target = { words: ["Fluss"], chips: { leading: [0], trailing: [] } };
    const source = { words: ["the", "river", "bank"], chips: { leading: [], trailing: [] } };
    expect(marks(crossing(), "reads", 0)).toEqual({ ...source, asks: false, answers: true });
    expect(marks(crossing(), "reads", 1)).toEqual({ ...target, asks: true, answers: false });
    expect(marks(crossing(), "read_by", 0)).toEqual({ ...source, asks: true, answers: false });
    expect(marks(crossing(), "read_by", 1)).toEqual({ ...target, asks: false, answers: true });
  });

  it("share one map of a pair, each with its own tokens and the special ones behind them", () => {
    const pair: Tokens = {
      ...tokensOf(["[CLS]", "the", "[SEP]", "Fluss", "[SEP]"], 0),
      spans: [
        [-1, -1],
        [0, 3],
        [-1, -1],
        [0, 5],
        [-1, -1],
      ],
      fields: [0, 0, 0, 1, 1],
    };
    const frame = crossing({ tokens: pair, key_tokens: null });
    const both = { asks: true, answers: true };
    expect(marks(frame, "reads", 0)).toEqual({
      words: ["the"],
      chips: { leading: [0], trailing: [2] },
      ...both,
    });
    expect(marks(frame, "reads", 1)).toEqual({
      words: ["Fluss"],
      chips: { leading: [], trailing: [4] },
      ...both,
    });
  });
});

const input = (queries: number, keys: number, more: Partial<MatrixInput> = {}): MatrixInput => ({
  labels: Array.from({ length: queries }, (_, index) => `q${index}`),
  keyLabels: Array.from({ length: keys }, (_, index) => `key${index}`),
  width: 556,
  direction: "reads",
  query: [0, 1],
  focus: [0, 1],
  cell: null,
  strong: [],
  measure: (text) => text.length * 6,
  ...more,
});

describe("a matrix of two texts", () => {
  it.each([
    [1, 6],
    [5, 6],
    [3, 50],
    [300, 40],
    [40, 300],
    [2000, 3],
    [1, 4000],
  ])("%i x %i uses the width, stays low enough and finds its cells", (queries, keys) => {
    const scene = matrixScene(input(queries, keys));
    expect(scene.left + scene.across).toBeLessThanOrEqual(556);
    if (keys > 20) expect(scene.left + scene.across).toBeGreaterThan(480);
    expect(scene.down).toBeLessThanOrEqual(561);
    const at = (query: number, key: number) =>
      matrixHit(
        scene,
        scene.left + (key + 0.5) * scene.columnPitch,
        scene.top + (query + 0.5) * scene.rowPitch,
      );
    for (const [query, key] of [
      [0, 0],
      [queries - 1, keys - 1],
    ] as const)
      expect(at(query, key)).toEqual({ kind: "cell", query, key });
    expect(at(queries, 0)).toBeNull();
    expect(matrixHit(scene, scene.left - 5, scene.top + scene.rowPitch / 2)).toEqual({
      kind: "row",
      token: 0,
    });
    expect(scene.band).toMatchObject({ width: scene.across });
  });

  it("outlines what is looked at on the other axis", () => {
    const scene = matrixScene(input(5, 8, { focus: [6, 7], focused: "read_by" }));
    expect(scene.focusBand).toMatchObject({ x: scene.left + 6 * scene.columnPitch, height: scene.down });
    expect(scene.columnLabels.find(({ index }) => index === 6)?.tone).toBe("point");
  });

  it("zooms into both axes and never out of them", () => {
    for (const [queries, keys] of [
      [1, 500],
      [300, 40],
      [2, 2],
    ] as const) {
      const plot: Plot = { queries, keys, across: 480, down: Math.min(560, queries * 22) };
      let view = clampViewport({ query: 0, key: 0, span: Number.POSITIVE_INFINITY }, plot);
      expect(view.span).toBe(keys);
      for (let turn = 0; turn < 12; turn++) view = zoomAbout(view, 1.6, { x: 1, y: 1 }, plot);
      expect(view.span).toBeCloseTo(leastSpan(plot));
      const { rows, columns } = extentOf(view, plot);
      expect([rows[0] >= 0, rows[1] <= queries, columns[1] <= keys]).toEqual([true, true, true]);
      expect(rows[1] - rows[0]).toBeGreaterThan(0);
      expect(columns[1]).toBe(keys);
    }
  });
});

it("lines stand between columns of different lengths", () => {
  const frame = linesFrame({ queries: 3, keys: 9, width: 500, offsets: unscrolled, widest: 60 });
  const y = frame.height - 8;
  expect(linesHit(frame, 5, y)).toBeNull();
  expect(linesHit(frame, 495, y)).toEqual({ side: "key", token: 8 });
});
