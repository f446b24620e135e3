import { describe, expect, it } from "vitest";
import { fading, fadingOf, keepOf, residue, ruleOf } from "../../src/focus/kept";
import { type MapOnShow, mapOfFrame } from "../../src/focus/maps";
import { palette } from "../../src/lib/colour";
import { readFilter } from "../../src/session/filter";
import { linesFilter, linesOf } from "../../src/views/lines/lines";
import { paintFaint, paintStrong } from "../../src/views/lines/paint";
import { faintCurves, lineMiddle, linesFrame, linesHit, revealLine } from "../../src/views/lines/scene";
import { decodeFrame } from "../../src/wire/decode";
import { frameBytes } from "../frames";

const none: ReadonlySet<number> = new Set();
const mass = linesFilter(readFilter("auto"));
const all = readFilter("all");
const of = (...weights: number[]) => Float32Array.of(...weights);

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
      expect(keepOf(row, none, mass)).toMatchObject({ tokens: [], dropped: 0, peak: 0 });
  });

  it("is the five strongest, or all that can be seen, when that is asked", () => {
    const row = of(0.2, 0.1, 0.3, 0.15, 0.05, 0.1995, 0.0005);
    expect(keepOf(row, none, readFilter("top 5")).tokens).toEqual([2, 0, 5, 3, 1]);
    expect(keepOf(row, none, all).tokens).toHaveLength(6);
  });
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
  const long = { queries: 300, keys: 300, width: 556, offset: 0, widest: 60 };

  it("leaves curves more room than labels, however long these are", () => {
    for (const width of [446, 556, 628]) {
      const { left, right } = linesFrame({ ...long, width, widest: 900 });
      expect(right - left).toBeGreaterThan(width * 0.3);
    }
  });

  it("shows all of three tokens and a part of three hundred", () => {
    expect(linesFrame({ ...long, queries: 3, keys: 3 })).toMatchObject({ seen: [0, 3], offset: 0 });
    const frame = linesFrame({ ...long, offset: 2000 });
    expect(frame.seen[1] - frame.seen[0]).toBeLessThan(30);
    expect(linesFrame({ ...long, offset: 1e6 }).seen[1]).toBe(300);
  });

  it("finds the token that it draws, on either side and not between", () => {
    const frame = linesFrame({ ...long, offset: 2000 });
    const y = lineMiddle(frame, [110, 111]);
    expect(linesHit(frame, 5, y)).toEqual({ side: "query", token: 110 });
    expect(linesHit(frame, frame.width - 5, y)).toEqual({ side: "key", token: 110 });
    expect(linesHit(frame, frame.width / 2, y)).toBeNull();
  });

  it("scrolls to a token that is out of sight, and only then", () => {
    const there = revealLine(linesFrame(long), 200) ?? 0;
    expect(there).toBeGreaterThan(0);
    expect(revealLine(linesFrame({ ...long, offset: there }), 200)).toBeNull();
  });

  it("keeps to its budget, and says how many lines there would be", () => {
    const queries = Uint32Array.from({ length: 900 }, (_, index) => index % 300);
    const lines = {
      queries,
      keys: queries,
      weights: new Float32Array(900).fill(0.1),
      resting: new Uint8Array(900),
    };
    const { curves, passing } = faintCurves(linesFrame(long), lines, (weight) => weight, "reads", 20);
    expect(curves).toHaveLength(20);
    expect(passing).toBe(3 * linesFrame(long).seen[1]);
  });
});

describe("painting lines", () => {
  const frame = linesFrame({ queries: 10, keys: 10, width: 400, offset: 0, widest: 40 });
  const curve = { from: 10, to: 30, tone: 0.5, dashed: false, direction: "reads" as const };
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
      paintStrong(brush, frame, [{ ...curve, dashed: true }], curve, palette(true, "Test")),
    );
    expect(context.globalAlpha).toBe(1);
  });
});
