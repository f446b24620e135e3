import type { Block, Direction, Frame, HeadFusion, HeadPair, Span } from "../../../wire/types";
import type { Saved } from "../saved";
import { thumbnailsOf } from "./thumbnails";
import { fuse, type SquareMap, vectorOf } from "./vectors";

/** Something that the file does not have. The message is for people. */
export class NotSaved extends Error {
  override readonly name = "NotSaved";
}

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
  whole(heads: readonly HeadPair[], fusion: HeadFusion): SavedMap | null;
  /** The same, each head weighted by what it writes for each key. */
  weighted(heads: readonly HeadPair[], fusion: HeadFusion): SavedMap | null;
  rollout(): SavedMap | null;
  small(head: HeadPair): PooledMap | null;
  /** What a query reads, or what reads it; exact for the query that was saved. */
  vector(
    heads: readonly HeadPair[],
    fusion: HeadFusion,
    query: Span,
    direction: Direction,
  ): Float32Array | null;
  thumbnails(): Frame["thumbnails"];
}

/** Cells of maps that are kept, 12 MB: a query that moves asks for the same ones again. */
const kept = 3_000_000;

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
    if (!(items instanceof Uint8Array)) return items ?? null;
    const values = new Float32Array(items.length);
    for (let at = 0; at < values.length; at++) values[at] = weights[items[at] as number] as number;
    return values;
  };
  const square = (name: string, place: number, stepped: boolean): SavedMap | null => {
    const values = cut(name, place, size * size);
    return values && { size, values, stepped };
  };
  const one = ([layer, head]: HeadPair): SavedMap | null => {
    if (header.exact[0] === layer && header.exact[1] === head) return square("exact", 0, false);
    const place = places.get(`${layer} ${head}`);
    return place === undefined ? null : square("maps", place, true);
  };
  const several = (
    heads: readonly HeadPair[],
    fusion: HeadFusion,
    read: (head: HeadPair) => SavedMap | null,
  ): SavedMap | null => {
    const all = heads.map(read);
    if (!all.every((map) => map !== null)) return null;
    const values =
      all.length === 1
        ? all[0]?.values
        : fuse(
            all.map((map) => map.values),
            fusion,
            size * size,
          );
    return { size, values: values ?? new Float32Array(0), stepped: all.some(({ stepped }) => stepped) };
  };
  const remember = (name: string, make: () => SavedMap | null): SavedMap | null => {
    const found = known.get(name) ?? make();
    known.delete(name);
    known.set(name, found);
    for (const old of known.keys()) if (known.size * size * size > kept && known.size > 1) known.delete(old);
    return found;
  };

  const single = (head: HeadPair) => remember(head.join(" "), () => one(head));
  const whole: Maps["whole"] = (heads, fusion) =>
    heads.length === 1
      ? single(heads[0] as HeadPair)
      : remember(`${fusion} ${heads.join(" ")}`, () => several(heads, fusion, single));
  let norms: Float32Array | Uint8Array | null = null;
  const written = ([layer, head]: HeadPair): SavedMap | null => {
    const map = single([layer, head]);
    norms ??= read("norms")?.data ?? null;
    const own = norms?.subarray((layer * most + head) * size);
    if (map === null || own === undefined) return null;
    const values = map.values.slice();
    for (let from = 0; from < values.length; from += size) {
      for (let key = 0; key < size; key++)
        values[from + key] = (values[from + key] as number) * (own[key] as number);
    }
    return { ...map, values };
  };
  let thumbnails: Frame["thumbnails"] | undefined;
  const maps: Maps = {
    whole,
    weighted: (heads, fusion) =>
      remember(`norm ${fusion} ${heads.join(" ")}`, () => several(heads, fusion, written)),
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
