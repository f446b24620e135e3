import { describe, expect, it } from "vitest";
import { fakeDirect, fakeLens } from "../../dev/fake-lens";
import { contrast, inkOn, palette, rgbOf } from "../../src/lib/colour";
import { csvOf } from "../../src/views/lens/figure";
import { windowAround } from "../../src/views/lens/lens";
import { inked, paintLens } from "../../src/views/lens/paint";
import { cellOf, fullsOf, namesOf, settledFrom } from "../../src/views/lens/picture";
import {
  columnsIn,
  headRect,
  lensHit,
  lensScene,
  partRect,
  placeOfHit,
  revealLayer,
  wholeLens,
} from "../../src/views/lens/scene";
import { courseOf, directInWords, ofColumn, recipeOf, spokenLens } from "../../src/views/lens/words";
import { readDirect, readLens } from "../../src/wire/lens";

const pieces = ["The", " capital", " of", " France", " is"];
const layers = 4;
const { content, buffers } = fakeLens(pieces, { text: "", part: "self", rows: [1, 5] }, layers);
const lens = readLens(content.lens, buffers);
const told = fakeDirect({ text: "", part: "self", position: 4 }, layers, 3);
const direct = readDirect(told.content.direct, told.buffers);
const columns = [1, 2, 3, 4].map((position, at) => ({ position, lens, at }));
const table = { start: 1, total: 5, query: 4, columns, direct };
const input = { layers, columns: 4, heads: 3, direct: true, width: 700, offset: 0, tallest: 400, query: 3 };

describe("a lens on the wire", () => {
  it("is refused where its numbers are not as many as it says", () => {
    expect(() => readLens({ ...content.lens, layers: 5 }, buffers)).toThrow("size");
    expect(() => readLens(content.lens, buffers.slice(1))).toThrow("without its numbers");
    expect(() => readDirect({ ...told.content.direct, heads: 2 }, told.buffers)).toThrow("size");
  });
});

describe("the layout of the lens", () => {
  it("finds the cells that it draws, scrolled or not", () => {
    for (const offset of [0, 30]) {
      const scene = lensScene({ ...input, layers: 40, offset });
      for (const hit of [
        { kind: "cell", layer: 7, position: 3 },
        { kind: "part", layer: 5, part: 1 },
        { kind: "head", layer: 6, head: 2 },
      ] as const) {
        const { x = 0, y = 0 } = placeOfHit(scene, 1, hit) ?? {};
        expect(lensHit(scene, 1, x + 1, y + 1)).toEqual(hit);
      }
      expect(lensHit(scene, 1, scene.left + 1, 5)).toEqual({ kind: "token", position: 1 });
      expect(lensHit(scene, 1, 2, 100)).toBeNull();
    }
  });

  it.each([
    [300, 9],
    [500, 12],
    [700, 32],
    [1100, 64],
  ])("keeps everything inside a width of %i with %i heads, and words legible", (width, heads) => {
    const count = columnsIn(width, heads, true);
    const scene = lensScene({ ...input, width, heads, columns: count });
    expect(scene.columnWidth).toBeGreaterThanOrEqual(80);
    const last = scene.heads === null ? partRect(scene, 0, 1) : headRect(scene, 0, heads - 1);
    const right = scene.parts === null ? scene.left + count * scene.columnWidth : last.x + last.width;
    expect(right).toBeLessThanOrEqual(width);
    expect(scene.height).toBeLessThanOrEqual(400);
  });

  it("gives the room of what parts add to the tokens where that is not known", () => {
    expect(columnsIn(700, 9, false)).toBeGreaterThan(columnsIn(700, 9, true));
    expect(lensScene({ ...input, direct: false }).parts).toBeNull();
  });

  it("scrolls where layers are many, and brings one into sight", () => {
    const scene = lensScene({ ...input, layers: 80 });
    expect(scene.full).toBeGreaterThan(scene.height);
    expect(revealLayer(scene, 2)).toBeNull();
    expect(revealLayer(scene, 79)).toBe(scene.full - scene.height);
    expect(wholeLens(scene, 8000).height).toBe(scene.full);
  });

  it("keeps the query in a window of a long text, with the token after it where there is one", () => {
    expect(windowAround(900, 1000, 6)).toBe(896);
    expect(windowAround(999, 1000, 6)).toBe(994);
    expect(windowAround(0, 1000, 6)).toBe(0);
    expect(windowAround(2, 3, 6)).toBe(0);
    expect([1, 2].map((room) => windowAround(53, 56, room))).toEqual([53, 53]);
  });
});

describe("what a layer says", () => {
  it("is its likeliest tokens, and the answer with its rank", () => {
    const early = cellOf(columns[0] as (typeof columns)[0], 0);
    expect(early.top[0]?.piece).toBe(" the");
    expect([early.answer.piece, early.rank, early.settled]).toEqual([" Paris", 3, false]);
    const late = cellOf(columns[0] as (typeof columns)[0], 3);
    expect([late.top[0]?.piece, late.rank, late.settled]).toEqual([" Paris", 1, true]);
    expect(late.top[0]?.probability).toBe(late.answer.probability);
  });

  it("is settled from the layer on after which nothing else leads", () => {
    expect(columns.map(settledFrom)).toEqual([2, 3, 1, 2]);
    const never = { ...lens, ranks: lens.ranks.map(() => 2) };
    expect(settledFrom({ position: 1, lens: never, at: 0 })).toBeNull();
  });

  it("is painted on a ground on which it can be read, in light and dark", () => {
    for (const dark of [false, true])
      for (const probability of [0, 0.01, 0.1, 0.5, 1]) {
        const ground = inked(probability, palette(dark, "sans-serif"));
        expect(contrast(ground, rgbOf(inkOn(ground)))).toBeGreaterThan(4.5);
      }
  });

  it("writes every token of the table, and the numbers beside it", () => {
    const written: string[] = [];
    const context = new Proxy({} as never, {
      get: (_, name) => (name === "fillText" ? (text: string) => written.push(text) : () => {}),
      set: () => true,
    });
    const picture = {
      table,
      names: namesOf(table),
      full: fullsOf(direct),
      chosen: null,
      measure: (text: string) => text.length * 6,
    };
    const brush = { context, bitmap: () => ({}) as never };
    paintLens(brush, lensScene(input), picture, null, "#d4540a", palette(false, "sans-serif"));
    expect(written.filter((text) => text === "␣Paris").length).toBe(8);
    for (const text of ["is", "#4", "attn", "MLP", "heads 0–2", "−0.6"]) expect(written).toContain(text);
  });
});

describe("the lens in words", () => {
  it("says what becomes of the answer", () => {
    const query = columns[3] as (typeof columns)[3];
    expect(courseOf(query)).toBe(
      "after “is” the model says “␣Paris” 0.400, the likeliest from layer 2 on; in layer 1 its rank is 3",
    );
    const asked = { ...query, lens: { ...lens, asked: true } };
    expect(courseOf(asked)).toContain("“␣Paris” after “is”: 0.400");
    const masked = { ...query, lens: { ...lens, predicts: "this token" as const } };
    expect(courseOf(masked)).toContain("at “is” the model says");
  });

  it("says every cell, part and head", () => {
    expect(spokenLens(table, { kind: "cell", layer: 0, position: 1 }, null)).toBe(
      "Layer 0 after “capital”: ␣the 0.100, . 0.050, ␣Paris 0.025, ␣a 0.013, ␣France 0.006; ␣Paris 0.025, rank 3",
    );
    expect(directInWords(direct, { kind: "head", layer: 0, head: 1 })).toBe(
      "L0H1 −0.200 to the logit of “␣Paris”",
    );
    expect(directInWords(direct, { kind: "part", layer: 0, part: 1 })).toBe(
      "MLP of layer 0 +0.300 to the logit of “␣Paris”",
    );
    expect(spokenLens({ ...table, columns: [null] }, { kind: "cell", layer: 0, position: 1 }, null)).toBe(
      "Token 1, on its way",
    );
  });

  it("is a table of layers", () => {
    const { rows, columns: names } = ofColumn(columns[3] as (typeof columns)[3]);
    expect(names[2]).toBe("Probability of ␣Paris");
    expect(rows.map((row) => row[3])).toEqual(["3", "3", "1", "1"]);
  });

  it("can be taken along as CSV, a line for each cell that has come", () => {
    const lines = csvOf({ ...table, columns: [null, ...columns.slice(1)] })
      .trim()
      .split("\r\n");
    expect(lines.length).toBe(13);
    expect(lines[1]).toMatch(/^0,2," of"," Paris",0\.025\d*,3," the",0\.1\d*$/);
  });

  it("says what colours and numbers are", () => {
    expect(recipeOf(table)).toContain("green adds, violet takes away, full tone at ±0.600 and ±0.300");
    expect(recipeOf({ ...table, direct: null })).not.toContain("green");
  });
});
