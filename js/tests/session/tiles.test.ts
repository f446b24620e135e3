import { describe, expect, it, vi } from "vitest";
import { encodeFrame } from "../../dev/encode";
import { mapOfFrame } from "../../src/focus/maps";
import { Memory } from "../../src/session/answers/memory";
import {
  around,
  blocksOf,
  cellOf,
  cut,
  type TiledMap,
  Tiles,
  tiledMap,
} from "../../src/session/answers/tiles";
import { decodeTile, WireError } from "../../src/wire/decode";
import type { Answer, Ask, Request, Span, Tile } from "../../src/wire/types";
import { ok, open } from "../opened";

const count = 1300;
const size = { queries: count, keys: count };
const map: TiledMap = {
  name: "a map",
  size,
  request: { text: "a text", layer: 1, head: 2, part: "self", source: "head" },
};

/** A number that says where it is from. */
const weightOf = (query: number, key: number) => query + key / 10_000;

function tileOf(rows: Span, columns: Span, precise = true): Tile {
  const width = columns[1] - columns[0];
  const values = Float32Array.from({ length: (rows[1] - rows[0]) * width }, (_, index) =>
    weightOf(rows[0] + Math.floor(index / width), columns[0] + (index % width)),
  );
  return { rows, columns, values, precise };
}

function asking(bytes?: number) {
  const asked: { request: Extract<Request, { rows: Span }>; answer: (content: object) => Promise<void> }[] =
    [];
  const ask = ((request) =>
    new Promise((resolve) => {
      const answer = async (content: object) => {
        resolve({ id: "1", ...content } as Answer<never>);
        await Promise.resolve();
        await Promise.resolve();
      };
      asked.push({ request: request as never, answer });
    })) as Ask;
  const life = new AbortController();
  return { asked, life, tiles: new Tiles(new Memory(ask, life.signal, undefined, undefined, bytes), ask) };
}

const reply = ({ rows, columns }: { rows: Span; columns: Span }, precise = true) => ({
  status: "ok",
  reply: tileOf(rows, columns, precise),
});

describe("blocks", () => {
  it("cover what is in sight, inside the map", () => {
    const places = blocksOf({ rows: [100, 300], columns: [1200, 1300] }, 128, size);
    expect(places.map(({ rows, columns }) => [...rows, ...columns])).toEqual([
      [0, 128, 1152, 1280],
      [0, 128, 1280, 1300],
      [128, 256, 1152, 1280],
      [128, 256, 1280, 1300],
      [256, 384, 1152, 1280],
      [256, 384, 1280, 1300],
    ]);
    expect(around(places)).toEqual({ rows: [0, 384], columns: [1152, 1300] });
    expect(around([])).toBeNull();
  });

  it("are one for a cell", () => {
    for (const [query, key] of [
      [0, 0],
      [127, 128],
      [1299, 1299],
    ] as const) {
      const [place, ...more] = blocksOf(cellOf(query, key), 128, size);
      expect(more).toEqual([]);
      expect(place?.rows[0]).toBe(Math.floor(query / 128) * 128);
      expect(place?.columns[0]).toBe(Math.floor(key / 128) * 128);
    }
  });

  it("are cut out of a tile with their own numbers", () => {
    const tile = tileOf([128, 384], [0, 300]);
    const piece = cut(tile, { rows: [256, 384], columns: [128, 256] });
    expect(piece.values).toEqual(tileOf([256, 384], [128, 256]).values);
  });
});

describe("tiles", () => {
  it("are asked for once, and only what is missing of them", async () => {
    const { tiles, asked } = asking();
    void tiles.want("tile", map, { rows: [0, 200], columns: [0, 200] });
    void tiles.want("tile", map, { rows: [0, 200], columns: [0, 200] });
    expect(asked.length).toBe(1);
    expect(asked[0]?.request).toEqual({ kind: "tile", ...map.request, rows: [0, 256], columns: [0, 256] });
    expect(tiles.busy("tile")).toBe(true);
    await asked[0]?.answer(reply({ rows: [0, 256], columns: [0, 256] }));
    expect(tiles.busy("tile")).toBe(false);
    expect(tiles.missing("tile", map, { rows: [3, 250], columns: [9, 256] })).toBeNull();
    void tiles.want("tile", map, { rows: [0, 200], columns: [0, 300] });
    expect(asked[1]?.request).toMatchObject({ rows: [0, 256], columns: [256, 384] });
  });

  it("tell the weight of any pair that they hold, of no other", async () => {
    const { tiles, asked } = asking();
    void tiles.want("tile", map, cellOf(1299, 5));
    await asked[0]?.answer(reply({ rows: [1280, 1300], columns: [0, 128] }));
    expect(tiles.weight(map, 1299, 5)).toEqual({ value: Math.fround(weightOf(1299, 5)), precise: true });
    expect(tiles.weight(map, 1279, 5)).toBeNull();
    expect(tiles.weight({ ...map, name: "another" }, 1299, 5)).toBeNull();
  });

  it("prefer the kernel's own precision to a rounded block", async () => {
    const { tiles, asked } = asking();
    void tiles.want("tile", map, cellOf(40, 40));
    await asked[0]?.answer(reply({ rows: [0, 128], columns: [0, 128] }, false));
    expect(tiles.weight(map, 40, 40)?.precise).toBe(false);
    void tiles.want("cell", map, cellOf(40, 40));
    expect(asked[1]?.request).toMatchObject({ kind: "cell", rows: [32, 64], columns: [32, 64] });
    await asked[1]?.answer(reply({ rows: [32, 64], columns: [32, 64] }));
    expect(tiles.weight(map, 40, 40)?.precise).toBe(true);
    expect(tiles.weight(map, 70, 40)?.precise).toBe(false);
  });

  it("are asked for again a while after they were superseded or failed, not at once", async () => {
    vi.useFakeTimers();
    const { tiles, asked } = asking();
    const before = tiles.revision();
    void tiles.want("tile", map, cellOf(0, 0));
    await asked[0]?.answer({ status: "superseded" });
    expect(tiles.revision()).toBeGreaterThan(before);
    void tiles.want("tile", map, cellOf(0, 0));
    expect(asked.length).toBe(1);
    vi.advanceTimersByTime(200);
    void tiles.want("tile", map, cellOf(0, 0));
    await asked[1]?.answer({ status: "error", problem: { code: "failed", message: "" } });
    void tiles.want("tile", map, cellOf(0, 0));
    expect(asked.length).toBe(2);
    vi.advanceTimersByTime(5000);
    void tiles.want("tile", map, cellOf(0, 0));
    expect(asked.length).toBe(3);
    vi.useRealTimers();
  });

  it("are kept when they come after what was asked later: the newest question alone is under way", async () => {
    const { tiles, asked } = asking();
    void tiles.want("tile", map, cellOf(0, 0));
    void tiles.want("tile", map, cellOf(1000, 0));
    await asked[0]?.answer(reply({ rows: [0, 128], columns: [0, 128] }));
    expect(tiles.missing("tile", map, cellOf(0, 0))).toBeNull();
    expect(tiles.busy("tile")).toBe(true);
  });

  it("are forgotten, the oldest first, and never grow without bound", async () => {
    const { tiles, asked } = asking(2 ** 20);
    for (let index = 0; index < 30; index++) {
      const place = blocksOf({ rows: [0, 1300], columns: [0, 1300] }, 128, size)[index];
      if (place === undefined) throw new Error("too few blocks");
      void tiles.want("tile", map, place);
      await asked.at(-1)?.answer(reply(place));
    }
    expect(tiles.missing("tile", map, cellOf(0, 0))).not.toBeNull();
    expect(tiles.missing("tile", map, cellOf(2 * 128, 7 * 128))).toBeNull();
  });

  it("change nothing after the end", async () => {
    const { tiles, asked, life } = asking();
    void tiles.want("tile", map, cellOf(0, 0));
    life.abort();
    await asked[0]?.answer(reply({ rows: [0, 128], columns: [0, 128] }));
    expect(tiles.weight(map, 0, 0)).toBeNull();
  });
});

describe("the map that tiles are of", () => {
  it("is the one on show: its text, its place, and whether only the first tokens were read", async () => {
    const { session, frames } = open();
    await frames()[0]?.answer(ok({ layer: 0, head: 1, source: "layer", truncated: { shown: 3, total: 9 } }));
    const shown = session.shown.value;
    if (shown === null) throw new Error("nothing is shown");
    const known = mapOfFrame(shown.frame);
    expect(tiledMap(shown, known)?.request).toEqual({
      reading: "frame 1",
      text: "The river bank",
      layer: 0,
      head: 1,
      part: "self",
      source: "layer",
      first: true,
    });
    expect(known.precise).toBe(true);
    expect(tiledMap(shown, { ...known, exact: false })).toBeNull();
    expect(tiledMap(null, known)).toBeNull();
    expect(tiledMap(shown, { ...known, head: 0 })?.name).not.toBe(tiledMap(shown, known)?.name);
  });
});

describe("a tile on the wire", () => {
  const bytes = (rows: Span, dtype: "f16" | "f32", shape = [2, 2]) =>
    encodeFrame({ rows, columns: [4, 6] } as never, [
      { name: "matrix", dtype, shape, values: [0.5, 0.25, 0, 1] },
    ]);

  it("is read with its place and its precision", () => {
    expect(decodeTile(bytes([1, 3], "f32"))).toEqual({
      rows: [1, 3],
      columns: [4, 6],
      values: Float32Array.of(0.5, 0.25, 0, 1),
      precise: true,
    });
    expect(decodeTile(bytes([1, 3], "f16")).precise).toBe(false);
  });

  it("is refused when it does not fit its place", () => {
    expect(() => decodeTile(bytes([1, 4], "f32"))).toThrow(WireError);
  });
});
