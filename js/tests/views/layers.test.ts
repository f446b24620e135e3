import { describe, expect, it } from "vitest";
import { palette } from "../../src/lib/colour";
import { wordLabels } from "../../src/lib/format";
import { paintLayers } from "../../src/views/layers/paint";
import { stripPixels } from "../../src/views/layers/pixels";
import { layersHit, layersScene, reveal, revealQuery } from "../../src/views/layers/scene";

const few = {
  labels: ["The", "river", "bank", "was"],
  layers: 4,
  silent: new Set<number>(),
  width: 560,
  offset: 0,
  query: [2, 3] as const,
  pinnedLayer: 1,
  cell: null,
  strong: [1],
  measure: (text: string) => text.length * 6,
};
const many = {
  ...few,
  labels: Array.from({ length: 300 }, (_, index) => `token ${index}`),
  layers: 32,
  query: [200, 201] as const,
};

describe("the layout of layers", () => {
  it("puts few tokens to the right, and all of them into the width", () => {
    const scene = layersScene(few);
    expect(scene.turned).toBe(false);
    expect(scene.full).toBe(scene.height);
    expect(scene.left + scene.count * scene.tokenPitch).toBeLessThanOrEqual(scene.width);
    expect(scene.tokenLabels.map(({ tone }) => tone)).toEqual(["plain", "strong", "point", "plain"]);
  });

  it.each([446, 556, 628])("turns many tokens into lines, each with its label, at a width of %i", (width) => {
    const scene = layersScene({ ...many, width, offset: 1000 });
    expect(scene.turned).toBe(true);
    expect(scene.height).toBeLessThan(scene.full);
    expect(scene.left + scene.layers * scene.layerPitch).toBeLessThanOrEqual(width);
    const shown = scene.tokenLabels.map(({ y }) => y);
    expect(Math.max(...shown)).toBeLessThan(scene.height + scene.tokenPitch);
    expect(shown.length).toBeLessThan(40);
  });

  it.each([
    ["across", layersScene(few), { layer: 3, token: 2 }],
    ["turned", layersScene({ ...many, offset: 3000 }), { layer: 31, token: 190 }],
  ])("finds the cell that it draws, %s", (_, scene, cell) => {
    const drawn = layersScene({ ...(scene.turned ? { ...many, offset: 3000 } : few), cell }).cross;
    const [x, y] = [(drawn?.x ?? 0) + 1, (drawn?.y ?? 0) + 1];
    expect(layersHit(scene, x, y)).toEqual({ kind: "cell", ...cell });
  });

  it("uses the height that the stage gives, and no more", () => {
    expect(layersScene({ ...few, tallest: 400 }).layerPitch).toBe(84);
    for (const tallest of [200, 300, 640])
      for (const layers of [4, 30])
        expect(layersScene({ ...few, layers, tallest }).height).toBeLessThanOrEqual(tallest);
  });

  it("tells labels of tokens from numbers of layers", () => {
    const across = layersScene(few);
    expect(layersHit(across, 10, across.top + 1)).toEqual({ kind: "layer", layer: 0 });
    const [label] = across.tokenLabels;
    expect(layersHit(across, label?.x ?? 0, label?.y ?? 0)).toEqual({ kind: "token", token: 0 });
    const turned = layersScene(many);
    expect(layersHit(turned, 10, turned.top + 1)).toEqual({ kind: "token", token: 0 });
    expect(layersHit(turned, turned.left + 1, 5)).toEqual({ kind: "layer", layer: 0 });
    expect(layersHit(turned, 2, 2)).toBeNull();
  });

  it("scrolls to a token that is out of sight, and only then", () => {
    const there = reveal(layersScene(many), 200) ?? 0;
    expect(there).toBeGreaterThan(0);
    expect(reveal(layersScene({ ...many, offset: there }), 200)).toBeNull();
    expect(reveal(layersScene(few), 3)).toBeNull();
  });

  it("draws one token of one layer, and a model of a single layer", () => {
    const scene = layersScene({ ...few, labels: ["a"], layers: 1, query: [0, 1], pinnedLayer: 0 });
    expect([scene.count, scene.layers]).toEqual([1, 1]);
    expect(scene.area.width).toBeGreaterThan(0);
  });
});

describe("the pixels of layers", () => {
  const { ramp } = palette(false, "Test").reads;
  const strip = { values: [0.5, 0.25, Number.NaN, Number.NaN], layers: 2, count: 2, full: 0.5 };

  it("leave what is no number, and what cannot be seen, transparent", () => {
    const all = stripPixels({ ...strip, isVisible: () => true }, ramp, false);
    expect([3, 7, 11, 15].map((place) => all.data[place])).toEqual([255, 255, 0, 0]);
    const first = stripPixels({ ...strip, isVisible: (token) => token === 0 }, ramp, false);
    expect([3, 7].map((place) => first.data[place])).toEqual([255, 0]);
  });

  it("are turned as the scene is", () => {
    const turned = stripPixels({ ...strip, isVisible: () => true }, ramp, true);
    expect([3, 7, 11, 15].map((place) => turned.data[place])).toEqual([255, 0, 255, 0]);
  });
});

describe("painting layers", () => {
  const calls: [string, unknown[]][] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (own, name: string) => own[name] ?? ((...values: unknown[]) => void calls.push([name, values])),
    set: (own, name: string, value) => {
      own[name] = value;
      return true;
    },
  });
  const paint = (sinks: readonly ReadonlySet<number>[], printed: (layer: number) => number = () => 0.5) => {
    calls.length = 0;
    const { ramp, strong } = palette(false, "Test").reads;
    const picture = { image: {} as never, printed, sinks, full: 1, least: 0.125, ramp, strong };
    const brush = { context: context as never, bitmap: () => ({}) as never };
    paintLayers(brush, layersScene(few), picture, palette(false, "Test"));
    return calls;
  };

  it("prints no weight below the least that is to be read", () => {
    const printed = (layer: number) => (layer === 0 ? 0.5 : 0.1);
    expect(paint([], printed).filter(([name, [text]]) => name === "fillText" && text === ".10")).toEqual([]);
    expect(calls.filter(([name, [text]]) => name === "fillText" && text === ".50")).not.toEqual([]);
  });

  it("prints a weight in every cell that has the room", () => {
    expect(
      paint([]).filter(([name, [text]]) => name === "fillText" && text === "0.50".slice(1)),
    ).toHaveLength(16);
  });

  it("hatches the sinks and nothing else", () => {
    const strokes = (sinks: readonly ReadonlySet<number>[]) =>
      paint(sinks).filter(([name]) => name === "lineTo").length;
    expect(strokes([])).toBe(0);
    expect(strokes([new Set([0]), new Set([0])])).toBeGreaterThan(strokes([new Set([0])]));
  });
});

describe("where a long text begins", () => {
  const { offset, tokenPitch, height, top } = layersScene({ ...many, tallest: 300 });
  const seen = Math.floor((height - top - 4) / tokenPitch);
  const begins = (weights: readonly number[], from = offset) => {
    const scene = layersScene({ ...many, tallest: 300, offset: from });
    const target = revealQuery(scene, [200, 201], weights);
    return target === null ? null : Math.round(target / tokenPitch);
  };
  const weights = (at: Readonly<Record<number, number>>) => many.labels.map((_, token) => at[token] ?? 0);

  it("has the query in sight with the keys that it reads most", () => {
    const first = begins(weights({ 192: 0.6, 208: 0.1, 20: 0.3 })) ?? 0;
    expect(first).toBeLessThanOrEqual(192);
    expect(first + seen).toBeGreaterThan(200);
  });

  it("has the query in the middle where its keys are elsewhere", () => {
    const first = begins(weights({ 20: 1 })) ?? 0;
    expect(Math.abs(first + seen / 2 - 200)).toBeLessThan(2);
  });

  it("stays where most of it is in sight", () => {
    expect(begins(weights({ 195: 0.8, 206: 0.2 }), 192 * tokenPitch)).toBeNull();
    expect(begins(weights({ 195: 0.2, 190: 0.8 }), 195 * tokenPitch)).not.toBeNull();
  });
});

describe("labels of words", () => {
  it("say which token goes on with a word", () => {
    const tokens = { pieces: ["[CLS]", "million", "nery", ",", "in"], words: [-1, 0, 0, 0, 1] };
    expect(wordLabels(tokens, 12)).toEqual(["[CLS]", "million", "…nery", ",", "in"]);
  });
});
