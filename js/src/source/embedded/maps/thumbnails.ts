import type { Frame, HeadPair } from "../../../wire/types";
import type { SavedHeader } from "../saved";
import { layerHeads } from "../selection";
import type { SquareMap } from "./vectors";

/** Pixels per side, at most, as in the kernel. */
const largestSide = 32;

/** All heads small, from their whole maps: bytes on a square-root scale. Null where a map is missing. */
export function thumbnailsOf(
  { frame: { heads, tokens } }: SavedHeader,
  mapOf: (head: HeadPair) => SquareMap | null,
): Frame["thumbnails"] {
  const side = Math.min(tokens.pieces.length, largestSide);
  const most = Math.max(...heads);
  const data = new Uint8Array(heads.length * most * side * side);
  for (const [layer, head] of heads.flatMap((_, layer) => layerHeads(heads, layer))) {
    const map = mapOf([layer, head]);
    if (map === null) return null;
    data.set(shrunk(map, side).map(asByte), (layer * most + head) * side * side);
  }
  return { shape: [heads.length, most, side, side], data };
}

/** The maximum over cells that share the tokens evenly, and overlap where that does not come out. */
export function shrunk({ size, values }: SquareMap, side: number): Float32Array {
  const begins = Array.from({ length: side }, (_, cell) => Math.floor((cell * size) / side));
  const ends = Array.from({ length: side }, (_, cell) => Math.ceil(((cell + 1) * size) / side));
  const cells = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let query = begins[row] as number; query < (ends[row] as number); query++) {
      for (let column = 0; column < side; column++) {
        const cell = row * side + column;
        let most = cells[cell] as number;
        for (let key = begins[column] as number; key < (ends[column] as number); key++) {
          const weight = values[query * size + key] as number;
          if (weight > most) most = weight;
        }
        cells[cell] = most;
      }
    }
  }
  return cells;
}

/** A weight on the square-root scale of thumbnails and previews. */
export function asByte(weight: number): number {
  return Math.round(255 * Math.sqrt(Math.min(1, Math.max(0, weight))));
}
