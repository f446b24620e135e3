import { describe, expect, it } from "vitest";
import { type Reach, reachesOf } from "../../src/surface/minimap/reaches";
import { minimapScene } from "../../src/surface/minimap/scene";
import { sightOn } from "../../src/surface/sight";
import { unmarked } from "./unmarked";

const line = (number: number, lines = 1): Reach => ({ upper: number * 32, lower: (number + lines) * 32 });

describe("the box of a text", () => {
  const sight = { top: 320, height: 200 };

  it("stays where it is while it has what is looked at", () => {
    expect(sightOn([line(11)], sight)).toBe(320);
    expect(sightOn([], sight)).toBe(320);
  });

  it("moves no further than it must for what is near, and has what is far in its middle", () => {
    expect(sightOn([line(9)], sight)).toBe(9 * 32 - 12);
    expect(sightOn([line(18)], sight)).toBe(19 * 32 + 12 - 200);
    expect(sightOn([line(40)], sight)).toBe(40 * 32 + 16 - 100);
    expect(sightOn([line(0)], sight)).toBe(0);
  });

  it("has two places where both fit, else the first", () => {
    expect(sightOn([line(18), line(16)], sight)).toBe(19 * 32 + 12 - 200);
    expect(sightOn([line(9), line(12)], sight)).toBe(9 * 32 - 12);
    expect(sightOn([line(40), line(2)], sight)).toBe(sightOn([line(40)], sight));
    expect(sightOn([line(11), line(40)], sight)).toBe(320);
  });

  it("shows what is higher than itself from where it begins", () => {
    expect(sightOn([line(20, 30)], sight)).toBe(20 * 32 - 12);
  });
});

describe("the map of a text", () => {
  it("asks only where lines change", () => {
    const asked: number[] = [];
    const reaches = reachesOf(1000, (stretch) => {
      asked.push(stretch);
      return line(Math.floor(stretch / 50));
    });
    expect(reaches.map(({ upper }) => upper / 32)).toEqual(
      Array.from({ length: 1000 }, (_, stretch) => Math.floor(stretch / 50)),
    );
    expect(asked.length).toBeLessThan(300);
  });

  it("puts what stands nowhere where the one before it is", () => {
    expect(reachesOf(3, (stretch) => (stretch === 1 ? null : line(stretch)))).toEqual([
      line(0),
      line(0),
      line(2),
    ]);
    expect(reachesOf(1, () => null)).toEqual([{ upper: 0, lower: 0 }]);
    expect(reachesOf(0, () => null)).toEqual([]);
  });

  it("has of every line its strongest token, and sinks where nothing is stronger", () => {
    const { bands } = minimapScene(
      [
        { ...unmarked, tone: 1, sink: true, reach: line(0) },
        { ...unmarked, tone: 0.25, reach: line(1) },
        { ...unmarked, tone: 0.75, reach: line(1) },
        { ...unmarked, tone: 0.5, sink: true, reach: line(1) },
        { ...unmarked, reach: line(2) },
        { ...unmarked, tone: 0.5, reach: line(3) },
      ],
      4 * 32,
      16,
    );
    expect(bands).toEqual([
      { y: 0, height: 4, tone: 1, kind: "sink" },
      { y: 4, height: 4, tone: 0.75, kind: "plain" },
      { y: 12, height: 4, tone: 0.5, kind: "plain" },
    ]);
  });

  it("tells what hurts the answer from what helps it", () => {
    const { bands } = minimapScene(
      [
        { ...unmarked, tone: 0.5, way: "hurts", reach: line(0) },
        { ...unmarked, tone: 0.75, way: "helps", reach: line(0) },
        { ...unmarked, tone: 0.25, way: "hurts", reach: line(1) },
      ],
      2 * 32,
      8,
    );
    expect(bands.map(({ y, kind }) => [y, kind])).toEqual([
      [0, "helps"],
      [4, "hurts"],
    ]);
  });

  it("marks where the query and what is searched stand, however long the text", () => {
    const stretches = Array.from({ length: 1000 }, (_, at) => ({ ...unmarked, reach: line(at) }));
    const { query, found, bands } = minimapScene(
      stretches.map((stretch, at) => ({
        ...stretch,
        query: at === 0,
        focus: at === 999,
        found: at === 500 ? "current" : at === 250 ? "match" : null,
      })),
      32_000,
      100,
    );
    expect(bands).toEqual([]);
    expect(query).toEqual({ y: 98, height: 2 });
    expect(found).toEqual([
      { y: 25, height: 2, current: false },
      { y: 50, height: 2, current: true },
    ]);
  });
});
