import type { Block, Direction, Frame, Span } from "../../wire/types";
import type { Saved } from "./saved";
import { thumbnailsOf } from "./thumbnails";
import { fuse, type SquareMap, vectorOf } from "./vectors";

/** Something that the file does not have. The message is for people. */
export class NotSaved extends Error {
  override readonly name = "NotSaved";
}

export type HeadName = readonly [layer: number, head: number];

/** A map as the file has it. */
export interface SavedMap extends SquareMap {
  /** Whether its weights come in steps. */
  readonly stepped: boolean;
}

/** A map that the file has only a small picture of. */
export interface PooledMap extends SquareMap {
  readonly factor: number;
}

/** The maps of a saved page, worked out as they are asked for. Null for what is not in the file. */
export interface Maps {
  /** One head, or several fused. */
  whole(heads: readonly HeadName[], fusion: "mean" | "max"): SavedMap | null;
  rollout(): SavedMap | null;
  small(head: HeadName): PooledMap | null;
  /** What a query reads, or what reads it; exact for the query that was saved. */
  vector(
    heads: readonly HeadName[],
    fusion: "mean" | "max",
    query: Span,
    direction: Direction,
  ): Float32Array | null;
  thumbnails(): Frame["thumbnails"];
}

/** Fused maps that are kept: a query that moves asks for the same ones again. */
const kept = 24;

export function savedMaps({ header, read }: Saved): Maps {
  const size = header.frame.tokens.pieces.length;
  const most = Math.max(...header.frame.heads);
  const weights = Float32Array.from({ length: 256 }, (_, byte) =>
    byte === 0 ? 0 : Math.exp((byte - 255) / header.steps),
  );
  const places = new Map(header.held.map(([layer, head], place) => [`${layer} ${head}`, place]));
  const known = new Map<string, SavedMap | null>();

  /** One of the arrays that a block holds one after the other. */
  const cut = (name: string, place: number, length: number): Float32Array | null => {
    const items = read(name)?.data.subarray(place * length, (place + 1) * length);
    if (items === undefined || items instanceof Float32Array) return items ?? null;
    return Float32Array.from(items, (byte) => weights[byte] as number);
  };
  const square = (name: string, place: number, stepped: boolean): SavedMap | null => {
    const values = cut(name, place, size * size);
    return values && { size, values, stepped };
  };
  const one = ([layer, head]: HeadName): SavedMap | null => {
    if (header.exact[0] === layer && header.exact[1] === head) return square("exact", 0, false);
    const place = places.get(`${layer} ${head}`);
    return place === undefined ? null : square("maps", place, true);
  };
  const several = (heads: readonly HeadName[], fusion: "mean" | "max"): SavedMap | null => {
    const all = heads.map((head) => one(head)?.values ?? null);
    if (!all.every((values) => values !== null)) return null;
    return { size, values: fuse(all, fusion, size * size), stepped: true };
  };
  const remember = (name: string, make: () => SavedMap | null): SavedMap | null => {
    const found = known.get(name) ?? make();
    known.delete(name);
    known.set(name, found);
    for (const old of known.keys()) if (known.size > kept) known.delete(old);
    return found;
  };

  const whole: Maps["whole"] = (heads, fusion) =>
    remember(`${fusion} ${heads.join(" ")}`, () =>
      heads.length === 1 ? one(heads[0] as HeadName) : several(heads, fusion),
    );
  let thumbnails: Frame["thumbnails"] | undefined;
  const maps: Maps = {
    whole,
    rollout: () => remember("rollout", () => square("rollout", 0, true)),
    small: ([layer, head]) => {
      const side = read("pooled")?.shape[2] ?? 0;
      const values = cut("pooled", layer * most + head, side * side);
      return values && { size: side, values, factor: Math.ceil(size / side) };
    },
    vector: (heads, fusion, query, direction) => {
      // The largest of sums is not the sum of the largest.
      const apart = heads.length === 1 || fusion === "mean" || query[1] - query[0] === 1;
      if (apart && sameSpan(query, header.query)) {
        const block = direction === "reads" ? "rows" : "columns";
        const all = heads.map(([layer, head]) => cut(block, layer * most + head, size));
        return all.every((found) => found !== null) ? fuse(all, fusion, size) : null;
      }
      const map = whole(heads, fusion);
      return map && vectorOf(map, query, direction);
    },
    thumbnails: () => {
      if (thumbnails === undefined) thumbnails = bytes(read("thumbnails")) ?? thumbnailsOf(header, one);
      return thumbnails;
    },
  };
  return maps;
}

function bytes(block: Block | null): Frame["thumbnails"] {
  return block?.data instanceof Uint8Array ? { shape: block.shape, data: block.data } : null;
}

export function sameSpan(one: Span, other: Span): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
