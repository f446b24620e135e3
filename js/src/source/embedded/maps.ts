import type { Block, Direction, Frame, MapSource, Span } from "../../wire/types";
import { headsOf } from "./heads";
import type { Saved } from "./saved";
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
  whole(source: MapSource, layer: number, head: number): SavedMap | null;
  small(layer: number, head: number): PooledMap | null;
  /** What a query reads in a head, or what reads it; exact for the query that was saved. */
  vector(layer: number, head: number, query: Span, direction: Direction): Float32Array | null;
  thumbnails(): Frame["thumbnails"];
}

export function savedMaps({ header, read }: Saved): Maps {
  const { heads, tokens } = header.frame;
  const size = tokens.pieces.length;
  const most = Math.max(...heads);
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
  const ofHead = (layer: number, head: number): SavedMap | null => {
    if (header.exact[0] === layer && header.exact[1] === head) return square("exact", 0, false);
    const place = places.get(`${layer} ${head}`);
    return place === undefined ? null : square("maps", place, true);
  };
  const ofLayer = (layer: number): SavedMap | null => {
    const all = headsOf(heads, layer).map((head) => whole("head", layer, head)?.values ?? null);
    if (!all.every((values) => values !== null)) return null;
    return { size, values: fuse(all, "mean", size * size), stepped: true };
  };
  const whole: Maps["whole"] = (source, layer, head) => {
    const name = source === "head" ? `${layer} ${head}` : source === "layer" ? `${layer}` : source;
    const found = known.get(name);
    if (found !== undefined) return found;
    const made =
      source === "rollout"
        ? square("rollout", 0, true)
        : source === "layer"
          ? ofLayer(layer)
          : ofHead(layer, head);
    known.set(name, made);
    return made;
  };

  let thumbnails: Frame["thumbnails"] | undefined;
  const maps: Maps = {
    whole,
    small: (layer, head) => {
      const side = read("pooled")?.shape[2] ?? 0;
      const values = cut("pooled", layer * most + head, side * side);
      return values && { size: side, values, factor: Math.ceil(size / side) };
    },
    vector: (layer, head, query, direction) => {
      if (sameSpan(query, header.query))
        return cut(direction === "reads" ? "rows" : "columns", layer * most + head, size);
      const map = whole("head", layer, head);
      return map && vectorOf(map, query, direction);
    },
    thumbnails: () => {
      if (thumbnails === undefined) thumbnails = bytes(read("thumbnails")) ?? thumbnailsOf(header, maps);
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
