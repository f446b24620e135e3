import type { Ask, Span, Tile, TileRequest } from "../../wire/types";
import { headsAsked } from "../look";
import { type Shown, textsOf } from "../shown";
import { keyOf, type Memory } from "./memory";
import type { MapPlace } from "./previews";

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

/** A map on show, as far as it matters to its tiles. */
type Shows = MapPlace & Size & { readonly exact: boolean };

export function tiledMap(shown: Shown | null, map: Shows | null): TiledMap | null {
  if (shown === null || map?.exact !== true) return null;
  const { layer, head, source, chosen, queries, keys } = map;
  const { part } = shown.frame.header;
  const {
    caret: _caret,
    field: _field,
    query: _query,
    direction: _direction,
    heads: _heads,
    fusion = "mean",
    ...asked
  } = shown.asked;
  const several = headsAsked(chosen, { source, fusion });
  const texts = textsOf(shown);
  const { words, sinks, weight, shows } = asked;
  return {
    name: keyOf(texts, layer, head, part, source, several, words, sinks, weight, shows),
    size: { queries, keys },
    request: { ...asked, ...texts, layer, head, part, source, ...several },
  };
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

/** Exact rectangles of maps, asked for where a frame has less. */
export class Tiles {
  readonly #memory: Memory;
  readonly #ask: Ask;

  constructor(memory: Memory, ask: Ask) {
    this.#memory = memory;
    this.#ask = ask;
  }

  /** Grows whenever there is something new to draw or to ask. Reads signals. */
  revision(): number {
    return this.#memory.revision("tile") + this.#memory.revision("cell");
  }

  /** Whether an answer is on its way. */
  busy(kind: TileKind): boolean {
    return this.#memory.busy(kind);
  }

  /** The kept block that begins at a place. */
  block(map: TiledMap, region: Region): Tile | undefined {
    return this.#known("tile", map, region);
  }

  /** The weight of one pair of tokens, where it is known better than a pooled cell tells. */
  weight(map: TiledMap, query: number, key: number): { value: number; precise: boolean } | null {
    const found = (["cell", "tile"] as const).flatMap((kind) => {
      const [place] = blocksOf(cellOf(query, key), tileSide[kind], map.size);
      const tile = place && this.#known(kind, map, place);
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
    return around(
      blocksOf(region, tileSide[kind], map.size).filter(
        (place) => this.#known(kind, map, place) === undefined,
      ),
    );
  }

  /** Asks for what is missing of a rectangle, unless that is under way. */
  async want(kind: TileKind, map: TiledMap, region: Region, asker?: string): Promise<void> {
    const place = this.missing(kind, map, region);
    if (place === null) return;
    const request: TileRequest = { ...map.request, ...place, ...(asker && { asker }) };
    await this.#memory.ask(kind, `${map.name} asked ${Object.values(place)}`, request, {
      keep: (tile) => {
        for (const block of blocksOf(tile, tileSide[kind], map.size))
          this.#memory.put(kind, nameOf(map, block), cut(tile, block));
      },
    });
  }

  /** A rectangle in the kernel's own precision, not kept; or the sentence that says why it cannot be had. */
  async exact(map: TiledMap, { rows, columns }: Region): Promise<Tile | string> {
    // An asker of its own: what views ask for meanwhile does not put it off.
    const answer = await this.#ask({
      kind: "tile",
      ...map.request,
      rows,
      columns,
      exact: true,
      asker: `exact ${++copies}`,
    });
    if (answer.status === "ok") return answer.reply;
    if (answer.status === "error") return answer.problem.message;
    return "The text has changed. Try again when the new numbers have arrived.";
  }

  #known(kind: TileKind, map: TiledMap, place: Region): Tile | undefined {
    return this.#memory.peek<Tile>(kind, nameOf(map, place));
  }
}

let copies = 0;

function nameOf({ name }: TiledMap, { rows, columns }: Region): string {
  return `${name} ${rows[0]} ${columns[0]}`;
}

export function cellOf(query: number, key: number): Region {
  return { rows: [query, query + 1], columns: [key, key + 1] };
}
