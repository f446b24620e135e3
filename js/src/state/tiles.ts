import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Ask, Span, Tile, TileRequest } from "../wire/types";
import { headsAsked } from "./look";
import type { MapOnShow } from "./maps";
import { type Shown, textsOf } from "./shown";

/** A rectangle of a map, in what it shows. */
export interface Region {
  readonly rows: Span;
  readonly columns: Span;
}

/** What a map shows along each axis. */
export interface Size {
  readonly queries: number;
  readonly keys: number;
}

/** The map that tiles are of: what is asked of each of them, and the name that they are kept under. */
export interface TiledMap {
  readonly name: string;
  readonly size: Size;
  readonly request: Omit<TileRequest, "rows" | "columns">;
}

/** `tile`: what is in sight, f16 where it is large. `cell`: what is under the pointer, in the kernel's own precision. */
export type TileKind = "tile" | "cell";

/** Tokens of a kept block, along each axis. */
export const tileSide: Readonly<Record<TileKind, number>> = { tile: 128, cell: 32 };

/** Of one map. What is in sight at one pixel a cell is 36 blocks at most. */
const keptBlocks = 64;
const keptMaps = 4;

export function tiledMap(shown: Shown | null, map: MapOnShow | null): TiledMap | null {
  if (shown === null || map?.exact !== true) return null;
  const { layer, head, source, chosen, queries, keys, peak } = map;
  const { part, truncated } = shown.frame.header;
  const {
    caret: _caret,
    field: _field,
    query: _query,
    direction: _direction,
    heads: _heads,
    fusion = "mean",
    ...asked
  } = shown.asked;
  const request = {
    ...asked,
    ...textsOf(shown),
    layer,
    head,
    part,
    source,
    ...headsAsked(chosen, { source, fusion }),
  };
  // The peak tells apart what one text gave before and after the model was trained on.
  return { name: JSON.stringify([request, truncated, peak]), size: { queries, keys }, request };
}

/** The blocks that a rectangle touches, as rectangles of a map. */
export function blocksOf({ rows, columns }: Region, side: number, { queries, keys }: Size): Region[] {
  const axis = ([start, stop]: Span, count: number): Span[] => {
    const first = Math.max(0, Math.floor(start / side));
    const beyond = Math.min(Math.ceil(count / side), Math.ceil(stop / side));
    return Array.from({ length: Math.max(0, beyond - first) }, (_, index) => [
      (first + index) * side,
      Math.min(count, (first + index + 1) * side),
    ]);
  };
  return axis(rows, queries).flatMap((down) =>
    axis(columns, keys).map((right) => ({ rows: down, columns: right })),
  );
}

/** The smallest rectangle around some; null around none. */
export function around(regions: readonly Region[]): Region | null {
  if (regions.length === 0) return null;
  const over = (axis: "rows" | "columns"): Span => [
    Math.min(...regions.map((region) => region[axis][0])),
    Math.max(...regions.map((region) => region[axis][1])),
  ];
  return { rows: over("rows"), columns: over("columns") };
}

/** The part of a tile that is a block. The block lies inside. */
export function cut(tile: Tile, { rows, columns }: Region): Tile {
  const width = columns[1] - columns[0];
  const stride = tile.columns[1] - tile.columns[0];
  const values = new Float32Array((rows[1] - rows[0]) * width);
  for (let row = rows[0]; row < rows[1]; row++) {
    const from = (row - tile.rows[0]) * stride + columns[0] - tile.columns[0];
    values.set(tile.values.subarray(from, from + width), (row - rows[0]) * width);
  }
  return { rows, columns, values, precise: tile.precise };
}

type Blocks = Map<string, Tile>;

/** Exact rectangles of maps, asked for where a frame has less. The newest question of a kind is the only one that counts. */
export class Tiles {
  /** Grows whenever there is something new to draw or to ask. */
  readonly revision: ReadonlySignal<number>;

  readonly #revision: Signal<number> = signal(0);
  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #kept: Readonly<Record<TileKind, Map<string, Blocks>>> = { tile: new Map(), cell: new Map() };
  readonly #underWay: Record<TileKind, string> = { tile: "", cell: "" };
  /** Refused once: not to be asked again. */
  readonly #refused = new Set<string>();

  constructor(ask: Ask, abort: AbortSignal) {
    this.#ask = ask;
    this.#abort = abort;
    this.revision = this.#revision;
  }

  /** Whether an answer is on its way. */
  busy(kind: TileKind): boolean {
    return this.#underWay[kind] !== "";
  }

  /** The kept block that begins at a place. */
  block(map: TiledMap, { rows, columns }: Region): Tile | undefined {
    return this.#kept.tile.get(map.name)?.get(blockName({ rows, columns }));
  }

  /** The weight of one pair of tokens, where it is known better than a pooled cell tells. */
  weight(map: TiledMap, query: number, key: number): { value: number; precise: boolean } | null {
    const found = (["cell", "tile"] as const).flatMap((kind) => {
      const [place] = blocksOf(cellOf(query, key), tileSide[kind], map.size);
      const tile = place && this.#kept[kind].get(map.name)?.get(blockName(place));
      return tile === undefined ? [] : [tile];
    });
    const tile = found.find(({ precise }) => precise) ?? found[0];
    if (tile === undefined) return null;
    const stride = tile.columns[1] - tile.columns[0];
    const value = tile.values[(query - tile.rows[0]) * stride + key - tile.columns[0]] ?? Number.NaN;
    return { value, precise: tile.precise };
  }

  /** What has to be asked for before all of a rectangle is there; null when nothing has. */
  missing(kind: TileKind, map: TiledMap, region: Region): Region | null {
    const known = this.#kept[kind].get(map.name);
    return around(
      blocksOf(region, tileSide[kind], map.size).filter((place) => known?.has(blockName(place)) !== true),
    );
  }

  /** Asks for what is missing of a rectangle, unless that is under way. */
  async want(kind: TileKind, map: TiledMap, region: Region): Promise<void> {
    const place = this.missing(kind, map, region);
    if (place === null) return;
    const name = `${blockName(place)} ${map.name}`;
    if (this.#underWay[kind] === name || this.#refused.has(name)) return;
    this.#underWay[kind] = name;
    const answer = await this.#ask({ kind, ...map.request, ...place });
    if (this.#underWay[kind] === name) this.#underWay[kind] = "";
    if (this.#abort.aborted) return;
    if (answer.status === "ok") this.#keep(kind, map, answer.reply);
    if (answer.status === "error") this.#refused.add(name);
    this.#revision.value++;
  }

  /** A rectangle in the kernel's own precision, not kept; or the sentence that says why it cannot be had. */
  async exact(map: TiledMap, { rows, columns }: Region): Promise<Tile | string> {
    for (let tries = 0; tries < 3; tries++) {
      const answer = await this.#ask({ kind: "tile", ...map.request, rows, columns, exact: true });
      if (answer.status === "ok") return answer.reply;
      if (answer.status === "error") return answer.problem.message;
      // The view asked for what it shows: that question is newer, and short.
    }
    return "The view asks for so much that this question does not get through. Try again when it rests.";
  }

  #keep(kind: TileKind, map: TiledMap, tile: Tile): void {
    const maps = this.#kept[kind];
    const blocks: Blocks = maps.get(map.name) ?? new Map();
    for (const place of blocksOf(tile, tileSide[kind], map.size)) {
      blocks.delete(blockName(place));
      blocks.set(blockName(place), cut(tile, place));
    }
    maps.delete(map.name);
    maps.set(map.name, blocks);
    forgetOldest(blocks, keptBlocks);
    forgetOldest(maps, keptMaps);
  }
}

export function cellOf(query: number, key: number): Region {
  return { rows: [query, query + 1], columns: [key, key + 1] };
}

function blockName({ rows, columns }: Region): string {
  return `${rows[0]} ${columns[0]}`;
}

/** A map keeps the order in which things were put there. */
function forgetOldest(entries: Map<string, unknown>, limit: number): void {
  for (const name of entries.keys()) {
    if (entries.size <= limit) return;
    entries.delete(name);
  }
}
