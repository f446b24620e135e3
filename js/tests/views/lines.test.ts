import { describe, expect, it } from "vitest";
import type { View } from "../../src/display/view";
import { fading, fadingOf, keepOf, residue, ruleOf } from "../../src/focus/kept";
import { type MapOnShow, mapOfFrame } from "../../src/focus/maps";
import { createLocal } from "../../src/focus/pointer";
import { palette } from "../../src/lib/colour";
import { readFilter } from "../../src/session/filter";
import type { Columns } from "../../src/views/lines/columns";
import { pointLines } from "../../src/views/lines/input";
import { linesFilter, linesOf } from "../../src/views/lines/lines";
import { paintFaint, paintStrong } from "../../src/views/lines/paint";
import { curvesOf, endsOf } from "../../src/views/lines/picture";
import { type Looked, rimMarks, tracksOf } from "../../src/views/lines/rim-scene";
import {
  type Curve,
  faintCurves,
  type LinesFrame,
  lineMiddle,
  linesFrame,
  linesHit,
  revealLine,
  seenIn,
  stripMiddle,
  strongestPlace,
  thickness,
  unscrolled,
  whereIn,
} from "../../src/views/lines/scene";
import { left, made } from "../../src/views/lines/words";
import { decodeFrame } from "../../src/wire/decode";
import { frameBytes } from "../frames";

const none: ReadonlySet<number> = new Set();
const mass = linesFilter(readFilter("auto"));
const all = readFilter("all");
const of = (...weights: number[]) => Float32Array.of(...weights);

it("says nothing of cells", () => {
  const recipe = "fp32 · rows sum to 1.000 · a cell is the maximum over 3 x 3 tokens · saved in steps";
  expect(made({ recipe })).toBe("fp32 · rows sum to 1.000 · saved in steps");
});

describe("what is kept of a row", () => {
  it("is the smallest set that holds 70 %", () => {
    const { tokens, dropped } = keepOf(of(0.1, 0.4, 0.2, 0.3), none, mass);
    expect(tokens).toEqual([1, 3]);
    expect(dropped).toBeCloseTo(0.3);
  });

  it("is all of an even row but what is beyond 70 %", () => {
    expect(keepOf(new Float32Array(10).fill(0.1), none, mass).tokens).toHaveLength(7);
  });

  it("is measured outside the sinks, which are told apart", () => {
    const { tokens, sinks, dropped, resting } = keepOf(of(0.8, 0.15, 0.05), new Set([0]), mass);
    expect([tokens, sinks]).toEqual([[1], [0]]);
    expect(dropped).toBeCloseTo(0.05);
    expect(resting).toBeCloseTo(0.8);
  });

  it("is nothing of a row of zeros or of no numbers", () => {
    for (const row of [of(0, 0), of(Number.NaN, Number.NaN)])
      expect(keepOf(row, none, mass)).toMatchObject({ tokens: [], dropped: 0, share: 1 });
  });

  it("is the five strongest, or all that can be seen, when that is asked", () => {
    const row = of(0.2, 0.1, 0.3, 0.15, 0.05, 0.1995, 0.0005);
    expect(keepOf(row, none, readFilter("top 5")).tokens).toEqual([2, 0, 5, 3, 1]);
    expect(keepOf(row, none, all).tokens).toHaveLength(6);
  });
});

it("says of an empty row that it attends to nothing, and of a column that no token attends to it", () => {
  const empty = keepOf(Float32Array.of(0, Number.NaN), none, { kind: "auto" });
  expect([left(empty, "reads"), left(empty, "read_by")]).toEqual([
    "attends to nothing",
    "no token attends to it",
  ]);
  expect(left(keepOf(Float32Array.of(1, 0), new Set([0]), { kind: "auto" }), "reads")).toMatch(
    /^kept 0 of 0/,
  );
});

describe("what is dropped", () => {
  const map = mapOfFrame(decodeFrame(frameBytes()));

  it("fades in every row, sinks never, once a filter is chosen", () => {
    const top = readFilter("top 1");
    expect(fading(of(0.1, 0.6, 0.3), none, readFilter("auto"))).toBeNull();
    expect(fading(of(0.1, 0.6, 0.3), none, all)).toBeNull();
    expect(fading(of(0.1, 0.6, 0.3), new Set([0]), top)).toEqual(of(1, 1, residue));
    // Rows: 1 | .5 .5 | .5 .25 .25, and token 0 is a sink.
    expect(fadingOf(map, top)).toEqual(of(1, residue, residue, 1, 1, residue, 1, 1, residue));
  });

  it("fades in every column where the query is read", () => {
    const faded = fadingOf({ ...map, direction: "read_by" }, readFilter("least 0.5"));
    expect(faded).toEqual(of(1, residue, residue, 1, 1, residue, 1, residue, residue));
  });

  it("is not told of cells that hold several tokens", () => {
    expect(fadingOf({ ...map, pooling: 2 }, mass)).toBeNull();
  });

  it("is said: how many are kept, and what share of the row", () => {
    const kept = keepOf(of(0.5, 0.3, 0.15, 0.05), new Set([0]), readFilter("top 1"));
    expect([kept.tokens, kept.all]).toEqual([[1], 3]);
    expect(kept.share).toBeCloseTo(0.8);
    expect(ruleOf(readFilter("mass 0.55"), "reads", true)).toBe(
      "the fewest that hold 55 % of each row outside sinks",
    );
    expect(ruleOf(readFilter("top 1"), "read_by", false)).toBe("the strongest of each column");
  });
});

describe("the lines of a map", () => {
  const map = mapOfFrame(decodeFrame(frameBytes()));
  const pairs = (found: ReturnType<typeof linesOf>) =>
    Array.from(found.queries, (query, index) => [query, found.keys[index], found.resting[index]]);

  it("are those of every row, strongest first, with sinks told apart", () => {
    // Rows: 1 | .5 .5 | .5 .25 .25, and token 0 is a sink.
    expect(pairs(linesOf(map, mass))).toEqual(
      [
        [0, 0, 1],
        [1, 1, 0],
        [1, 0, 1],
        [2, 0, 1],
        [2, 1, 0],
        [2, 2, 0],
      ].sort((one, other) => weightOf(map, other) - weightOf(map, one)),
    );
  });

  it("are those of every column where the query is read, without sinks", () => {
    const found = pairs(linesOf({ ...map, direction: "read_by" }, all));
    expect(found).toHaveLength(6);
    expect(found.every(([, , resting]) => resting === 0)).toBe(true);
  });

  it("are none where a cell holds several tokens", () => {
    expect(pairs(linesOf({ ...map, pooling: 2 }, all))).toEqual([]);
  });
});

function weightOf(map: MapOnShow, [query = 0, key = 0]: readonly (number | undefined)[]): number {
  return map.values[query * map.columns + key] as number;
}

describe("the layout of lines", () => {
  const long = { queries: 300, keys: 300, width: 556, offsets: unscrolled, widest: 60 };
  const { pitch } = linesFrame(long);
  const scrolled = (query: number, key: number) =>
    linesFrame({ ...long, offsets: { query: pitch * query, key: pitch * key } });

  it("leaves curves more room than labels, however long these are", () => {
    for (const width of [446, 556, 628]) {
      const { left, right } = linesFrame({ ...long, width, widest: 900 });
      expect(right - left).toBeGreaterThan(width * 0.3);
    }
  });

  it("shows all of three tokens, and of a few more than usual fit, and a part of three hundred", () => {
    for (const count of [3, 27, 41])
      expect(seenIn(linesFrame({ ...long, queries: count, keys: count }).columns.key)).toHaveLength(count);
    const frame = scrolled(0, 100);
    expect(frame.long).toBe(true);
    expect(seenIn(frame.columns.key).length).toBeLessThan(30);
    expect(seenIn(scrolled(0, 1e6).columns.key).at(-1)).toBe(299);
  });

  it("stands as close as it must for a sentence to be whole in a low stage, and further apart where there is room", () => {
    const sentence = { ...long, queries: 26, keys: 26 };
    const [low, high] = [330, 500].map((tallest) => linesFrame({ ...sentence, tallest }));
    expect([low?.long, high?.long]).toEqual([false, false]);
    expect(low?.height).toBeLessThanOrEqual(330);
    expect([low?.pitch, high?.pitch]).toEqual([12, 18]);
    // What is written fits its line.
    expect(low?.letters).toBeLessThan(12);
    expect(high?.letters).toBeGreaterThan(12);
  });

  it("has each side where it is scrolled to, the first token on top, and strips for what is out of sight", () => {
    const { columns } = scrolled(0, 100);
    expect(seenIn(columns.query).slice(0, 3)).toEqual([0, 1, 2]);
    expect(seenIn(columns.key).slice(0, 3)).toEqual([0, 102, 103]);
    expect([whereIn(columns.key, 101), whereIn(columns.key, 290)]).toEqual(["above", "below"]);
    expect(whereIn(columns.query, 290)).toBe("below");
  });

  it("never writes a token over another, or over a strip, wherever it is scrolled to", () => {
    for (let offset = 0; offset < 300 * pitch; offset += 37) {
      const frame = linesFrame({ ...long, offsets: { query: 0, key: offset } });
      const column = frame.columns.key;
      const taken = seenIn(column).map((token) => lineMiddle(frame, "key", [token, token + 1]));
      if (column.above > 0) taken.push(stripMiddle(frame, "above"));
      if (column.below < 300) taken.push(stripMiddle(frame, "below"));
      taken.sort((one, other) => one - other);
      const steps = taken.slice(1).map((middle, index) => middle - (taken[index] as number));
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(frame.pitch - 4);
      expect(taken.at(-1)).toBeLessThan(frame.height);
    }
  });

  it("finds the token that it draws, on either side and not between, the strips and the map at the rim", () => {
    const frame = scrolled(100, 7);
    const y = lineMiddle(frame, "query", [110, 111]);
    expect(linesHit(frame, 25, y)).toEqual({ side: "query", token: 110 });
    expect(linesHit(frame, frame.width - 25, y)).toEqual({ side: "key", token: 17 });
    expect(linesHit(frame, frame.width / 2, y)).toBeNull();
    expect(linesHit(frame, 25, 10)).toEqual({ side: "query", token: 0 });
    for (const edge of ["above", "below"] as const)
      expect(linesHit(frame, 25, stripMiddle(frame, edge))).toEqual({ side: "query", edge });
    expect(linesHit(frame, 1, frame.height / 2)).toEqual({ side: "query", share: 0.5 });
  });

  it("scrolls to a token that is out of sight, and only then", () => {
    const there = revealLine(linesFrame(long), "key", 200) ?? 0;
    expect(there).toBeGreaterThan(0);
    expect(revealLine(linesFrame({ ...long, offsets: { query: 0, key: there } }), "key", 200)).toBeNull();
    expect(revealLine(scrolled(100, 100), "key", 0)).toBeNull();
  });

  it("keeps to its budget, and says how many lines there would be; of a long text it draws no faint ones", () => {
    const queries = Uint32Array.from({ length: 900 }, (_, index) => index % 20);
    const lines = {
      queries,
      keys: queries,
      weights: new Float32Array(900).fill(0.1),
      resting: new Uint8Array(900),
    };
    const faint = (frame: LinesFrame) => faintCurves(frame, lines, (weight) => weight, "reads", 20);
    const { curves, passing } = faint(linesFrame({ ...long, queries: 20, keys: 20 }));
    expect([curves.length, passing]).toEqual([20, 900]);
    expect(faint(linesFrame(long)).curves).toEqual([]);
  });
});

describe("where a long text's lines end", () => {
  const at = (key: number) =>
    linesFrame({ queries: 300, keys: 300, width: 556, offsets: { query: 0, key }, widest: 60 });
  const { pitch } = at(0);
  const row = new Float32Array(300);
  row[0] = 0.3;
  row[120] = 0.2;
  row[125] = 0.1;
  row[131] = 0.1;
  row[250] = 0.15;
  const tokens = [0, 120, 250, 125, 131];

  it("is brought into sight: the strongest, and with it as much as can be", () => {
    const place = strongestPlace(at(0), "key", tokens, row, 0) ?? 0;
    const { key } = at(place).columns;
    expect([120, 125, 131].map((token) => whereIn(key, token))).toEqual(["seen", "seen", "seen"]);
    expect(strongestPlace(at(place), "key", tokens, row, 0)).toBeNull();
  });

  it("stays where it is when nearly as much is in sight, and where the first token has all", () => {
    expect(strongestPlace(at(112 * pitch), "key", tokens, row, 0)).toBeNull();
    expect(strongestPlace(at(0), "key", [0], row, 0)).toBeNull();
    expect(strongestPlace(at(0), "key", [], row, 0)).toBeNull();
  });

  it("is as near to what is looked at as it can be", () => {
    const [low, high] = [0, 5000].map((beside) => strongestPlace(at(0), "key", [120], row, beside) ?? 0);
    expect(high).toBeGreaterThan(low ?? 0);
  });

  const looked: Looked = {
    side: "query",
    focus: [2, 3],
    name: "word",
    tokens,
    sinks: [],
    weights: row,
    certain: true,
  };
  const measure = (text: string) => text.length * 6;

  it("is told at the rim: how many, how much, and where a click goes", () => {
    const frame = at(115 * pitch);
    const marks = rimMarks(frame, looked, measure);
    const key = marks.filter(({ side }) => side === "key");
    expect(key.map(({ edge, lines, target }) => [edge, lines, target])).toEqual([
      ["above", 0, null],
      ["below", 1, 250],
    ]);
    expect(key.map(({ text }) => text)).toEqual(["⋮ 116 tokens", "↓ 1 more, 0.150"]);
    expect(marks.filter(({ side }) => side === "query").map(({ text }) => text)).toEqual(["⋮ 271 tokens"]);
    for (const { x, width } of key) expect(x + width).toBeLessThanOrEqual(frame.width);
  });

  it("is told in fewer signs where there is little room, and without a number that is not sure yet", () => {
    const narrow = linesFrame({ queries: 300, keys: 300, width: 200, offsets: unscrolled, widest: 60 });
    const texts = (given: Looked) => rimMarks(narrow, given, measure).map(({ text }) => text);
    expect(texts(looked).at(-1)).toBe("↓ 4");
    const unsure = rimMarks(at(0), { ...looked, certain: false }, measure);
    expect(unsure.map(({ text }) => text)).toContain("↓ 4 more, …");
  });

  it("tells where what is looked at has gone when its side was scrolled away", () => {
    const frame = linesFrame({
      ...at(0),
      width: 556,
      widest: 60,
      queries: 300,
      keys: 300,
      offsets: { query: 4000, key: 0 },
    });
    expect(rimMarks(frame, looked, measure)[0]).toMatchObject({
      side: "query",
      edge: "above",
      text: "↑ “word”",
      target: 2,
    });
  });

  it("is on the map at the rim, as strong as it is", () => {
    const [query, key] = tracksOf(at(0), looked, (weight) => weight);
    expect(query?.ticks).toHaveLength(1);
    expect(key?.ticks.map(({ tone }) => tone)).toEqual(tokens.map((token) => row[token]));
    expect(
      tracksOf(
        linesFrame({ ...at(0), queries: 9, keys: 9, offsets: unscrolled, widest: 60 }),
        looked,
        Number,
      ),
    ).toEqual([]);
  });

  it("is one line for all that are out of sight on one side, as thick as they are together", () => {
    const one = { weights: row, kept: keepOf(row, none, all), full: 1 };
    const curves = curvesOf({ reads: one, read_by: null }, [], at(0), [2, 3], palette(false, "Test"));
    expect(curves.map(({ kind }) => kind)).toEqual(["key", "bundle"]);
    expect(curves[1]?.to).toBe(stripMiddle(at(0), "below"));
  });
});

describe("the lines of several heads", () => {
  const colours = palette(false, "Test");
  const frame = linesFrame({ queries: 9, keys: 9, width: 556, offsets: unscrolled, widest: 60 });
  const head = (index: number, weights: Float32Array) => ({
    pair: [1, index] as const,
    index,
    map: null,
    strong: { reads: { weights, kept: keepOf(weights, none, all), full: 1 }, read_by: null },
  });
  const drawn = (heads: ReturnType<typeof head>[]) =>
    curvesOf({ reads: null, read_by: null }, heads, frame, [8, 9], colours);
  const edges = (curve: Curve) =>
    [-0.5, 0.5].map((side) => (curve.aside ?? 0) + side * thickness(curve)) as [number, number];

  it("end where each of them ends, also where all together leave nothing worth a line", () => {
    const [one, other] = [head(0, of(0, 0.9)), head(1, of(0, 0, 0.7))];
    const strong = { reads: null, read_by: null };
    expect(endsOf(strong, [one, other], "reads")).toEqual({ tokens: [1, 2], sinks: [] });
    expect(endsOf(one.strong, [], "reads")).toEqual({ tokens: [1], sinks: [] });
    expect(endsOf(strong, [one], "read_by")).toEqual({ tokens: [], sinks: [] });
  });

  it("run beside each other where they go the same way, as thick as they are", () => {
    const [one, other, third] = [of(0, 0.9), of(0, 0.8), of(0, 0, 0.7)].map((row, at) => head(at, row));
    const curves = drawn([one, other, third] as ReturnType<typeof head>[]);
    const [first, second, away] = curves.map(edges);
    expect(first?.[1]).toBeCloseTo(second?.[0] as number);
    // Both about the straight way, and a third that goes elsewhere on its own.
    expect((first?.[0] as number) + (second?.[1] as number)).toBeCloseTo(0);
    expect((away?.[0] as number) + (away?.[1] as number)).toBeCloseTo(0);
  });

  it("stay within their line where there are many, each with an edge of its own", () => {
    const asides = drawn(Array.from({ length: 12 }, (_, at) => head(at, of(0, 0.9)))).map(
      ({ aside = 0 }) => aside,
    );
    expect(new Set(asides).size).toBe(12);
    expect(Math.max(...asides.map(Math.abs))).toBeLessThan(frame.pitch / 2);
  });
});

describe("a pointer over a long text's lines", () => {
  const frame = linesFrame({ queries: 300, keys: 300, width: 556, offsets: unscrolled, widest: 60 });
  const over = (columns: Columns, x: number, token: number) => {
    const local = createLocal();
    const view = { local } as unknown as View;
    const y = lineMiddle(frame, "key", [token, token + 1]);
    pointLines(view, frame, columns, { x, y });
    return { local, between: () => pointLines(view, frame, columns, { x: frame.width / 2, y }) };
  };
  const columnsFor = (released: string[]) =>
    ({
      over: null,
      since: 0,
      stop: () => {},
      release: (side = "both") => released.push(side),
    }) as unknown as Columns;

  it("looks at the token under it, from its side; the other side may follow again", () => {
    const released: string[] = [];
    const columns = columnsFor(released);
    const { local } = over(columns, frame.width - 25, 3);
    expect([local.hoverToken.value, local.hoverSide.value, columns.over]).toEqual([3, "key", "key"]);
    expect(released).toEqual(["query"]);
  });

  it("goes on looking at it between the sides, where its lines lead, unless it only passed by", () => {
    const columns = columnsFor([]);
    const looked = over(columns, 25, 3);
    columns.since -= 1000;
    looked.between();
    expect([looked.local.hoverToken.value, columns.over]).toEqual([3, "between"]);
    const passed = over(columnsFor([]), 25, 3);
    passed.between();
    expect(passed.local.hoverToken.value).toBeNull();
  });
});

describe("painting lines", () => {
  const frame = linesFrame({ queries: 10, keys: 10, width: 400, offsets: unscrolled, widest: 40 });
  const curve = { from: 10, to: 30, tone: 0.5, kind: "key", direction: "reads" } as const;
  const record = (draw: (brush: never) => void) => {
    const calls: string[] = [];
    const context = new Proxy({} as Record<string, unknown>, {
      get: (own, name: string) => own[name] ?? (() => void calls.push(name)),
      set: (own, name: string, value) => {
        own[name] = value;
        return true;
      },
    });
    draw({ context, bitmap: () => ({}) } as never);
    return { calls, context };
  };

  it("strokes faint curves of one tone together", () => {
    const { calls } = record((brush) =>
      paintFaint(brush, frame, Array(50).fill(curve), palette(false, "Test")),
    );
    expect(calls.filter((name) => name === "bezierCurveTo")).toHaveLength(50);
    expect(calls.filter((name) => name === "stroke")).toHaveLength(1);
  });

  it("leaves the context as it was: opaque and undashed", () => {
    const { context } = record((brush) =>
      paintStrong(brush, frame, [{ ...curve, kind: "sink" }], curve, palette(true, "Test")),
    );
    expect(context.globalAlpha).toBe(1);
  });
});
