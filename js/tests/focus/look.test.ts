import { describe, expect, it } from "vitest";
import { sinkNote } from "../../src/focus/kept";
import { contrast, palette, type Rgb } from "../../src/lib/colour";
import { headColour, headColourCount } from "../../src/lib/head-colours";
import { adopted } from "../../src/session/asking/frame-request";
import { filterText, readFilter } from "../../src/session/filter";
import {
  changesOf,
  headsAsked,
  joined,
  plainLook,
  readHeads,
  readLook,
  toggled,
} from "../../src/session/look";
import { tokenCount, tokenOf, toTokens, toUnits } from "../../src/session/units";
import type { Header } from "../../src/wire/types";
import { header } from "../frames";

describe("words and their tokens", () => {
  const units = [
    [0, 1],
    [1, 4],
    [4, 5],
  ] as const;

  it("turn into each other", () => {
    expect(toUnits(units, [2, 3])).toEqual([1, 2]);
    expect(toUnits(units, [0, 5])).toEqual([0, 3]);
    expect(toTokens(units, [1, 2])).toEqual([1, 4]);
    expect(tokenOf(units, 1)).toBe(3);
    expect([tokenCount(units, 3), tokenCount(null, 3)]).toEqual([5, 3]);
  });

  it("are the same where no words are shown, and stay inside where they are", () => {
    expect([toUnits(null, [2, 3]), toTokens(null, [2, 3])]).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect([toUnits(units, [7, 9]), toTokens(units, [7, 9])]).toEqual([
      [2, 3],
      [4, 5],
    ]);
  });

  it("leave a piece that was asked for where its word is shown, and take over what the kernel has moved", () => {
    const shown = { ...header, units, query: [1, 2], blocks: [] } as unknown as Header;
    expect(adopted(shown, [2, 3])).not.toHaveProperty("query");
    expect(adopted(shown, [0, 1]).query).toEqual([1, 4]);
    expect(adopted(shown, null).query).toEqual([1, 4]);
  });
});

describe("a filter", () => {
  it.each(["auto", "all", "mass 0.7", "top 5", "least 0.01"])("%s is written as Python writes it", (text) => {
    expect(filterText(readFilter(text))).toBe(text);
  });

  it.each([null, 7, "", "mass", "mass 2", "mass x", "top 0", "top 1.5", "all 3", "top 5 6", "least 0", {}])(
    "%j is none",
    (value) => {
      expect(readFilter(value)).toEqual({ kind: "auto" });
    },
  );
});

describe("a look", () => {
  it("is read part by part, and what cannot be is as it was computed", () => {
    expect(readLook({ words: true, sinks: "gone", layers: "max", other: 1 })).toEqual({
      ...plainLook,
      words: true,
      layers: "max",
    });
    for (const value of [null, undefined, "words", [1]]) expect(readLook(value)).toEqual(plainLook);
    expect(
      [0.2, "stretch", undefined, 0, -1, "all", Number.NaN].map((scale) => readLook({ scale }).scale),
    ).toEqual([0.2, "stretch", ...Array(5).fill(1)]);
  });

  it("says in a request only what differs", () => {
    expect(changesOf(plainLook)).toEqual({});
    expect(changesOf({ ...plainLook, words: true, sinks: "hide" })).toEqual({ words: true, sinks: "hide" });
    expect(headsAsked([[0, 1]], plainLook)).toEqual({});
    expect(
      headsAsked(
        [
          [0, 1],
          [1, 2],
        ],
        { ...plainLook, fusion: "max" },
      ),
    ).toEqual({
      heads: [
        [0, 1],
        [1, 2],
      ],
      fusion: "max",
    });
  });
});

describe("the words for sinks", () => {
  const values = Float32Array.from([0.9, 0.1, 0, 0, 0.9, 0.1, 0, 0]);
  const map = { sinks: new Set([0]), values, columns: 4, keysEach: 1 };
  const keys = { pieces: ["[CLS]", "is", ".", "a"] };

  it("name what is hatched, and say where the scale ends below it", () => {
    expect(sinkNote(map, 1, keys)).toBe("hatched: the sink “[CLS]”");
    expect(sinkNote({ ...map, sinks: new Set([0, 1]) }, 0.1, keys)).toBe(
      "hatched, past the scale: the sinks “[CLS]” “is”",
    );
  });

  it("say nothing where there are none, and of those that are hidden", () => {
    expect(sinkNote({ ...map, sinks: new Set() }, 1, keys)).toBe("");
    expect(sinkNote({ ...map, sinks: new Set([2]) }, 1, keys)).toBe("");
  });
});

describe("several heads", () => {
  it("are pairs of whole numbers, whatever comes", () => {
    expect(readHeads([[0, 1], [1], "L0H1", [1, 0.5], null, [2, 3]])).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(readHeads("L0H1")).toEqual([]);
  });

  it("gain and lose one, never all; the newest stands last", () => {
    expect(toggled([[0, 1]], 1, 2)).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(
      toggled(
        [
          [0, 1],
          [1, 2],
        ],
        0,
        1,
      ),
    ).toEqual([[1, 2]]);
    expect(toggled([[1, 2]], 1, 2)).toEqual([[1, 2]]);
    expect(
      joined(
        [
          [0, 1],
          [1, 2],
        ],
        0,
        1,
      ),
    ).toEqual([
      [1, 2],
      [0, 1],
    ]);
  });
});

describe.each([false, true])("the colours of heads, dark: %s", (dark) => {
  const rgb = (code: string) =>
    [1, 3, 5].map((at) => Number.parseInt(code.slice(at, at + 2), 16)) as unknown as Rgb;
  const colours = Array.from({ length: headColourCount }, (_, index) => headColour(dark, index));

  it("stand out from the ground", () => {
    const ground = rgb(palette(dark, "").ground);
    for (const colour of colours) expect(contrast(rgb(colour), ground), colour).toBeGreaterThanOrEqual(3);
  });

  it("are told apart, also by those who see no red or no green", () => {
    const pairs = colours.flatMap((one, at) => colours.slice(at + 1).map((other) => [one, other] as const));
    for (const [one, other] of pairs)
      for (const seen of [everyone, withoutGreen, withoutRed])
        expect(
          distance(oklab(seen(linear(rgb(one)))), oklab(seen(linear(rgb(other))))),
          `${one} ${other}`,
        ).toBeGreaterThan(0.08);
    expect(headColour(dark, headColourCount)).toBe(colours[0]);
  });
});

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const times = (rows: Matrix, [x, y, z]: Triple) =>
  rows.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;
const linear = (colour: Rgb) =>
  colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
const clip = (colour: Triple) => colour.map((share) => Math.max(0, Math.min(1, share))) as unknown as Triple;
const everyone = (colour: Triple) => colour;
// Machado, Oliveira & Fernandes 2009, severity 1.
const withoutGreen = (colour: Triple) =>
  clip(
    times(
      [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
      ],
      colour,
    ),
  );
const withoutRed = (colour: Triple) =>
  clip(
    times(
      [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
      ],
      colour,
    ),
  );
// Ottosson 2020.
const oklab = (colour: Triple) =>
  times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    times(
      [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
      ],
      colour,
    ).map(Math.cbrt) as unknown as Triple,
  );
const distance = (one: Triple, other: Triple) =>
  Math.hypot(...one.map((value, at) => value - (other[at] as number)));
