import type { Tile, TileRequest } from "../../../wire/types";
import type { SavedHeader } from "../saved";
import { selectionOf } from "../selection";
import { type Maps, NotSaved } from "./maps";
import { shownMap } from "./shown";

/** The tile that the kernel would send. Raises NotSaved where the map is not in the file. */
export function composeTile(header: SavedHeader, maps: Maps, request: TileRequest): Tile {
  const { rows, columns } = request;
  const map = shownMap(header, maps, selectionOf(header.frame.heads, request));
  if (map === null) throw new NotSaved(header.missing);
  const width = columns[1] - columns[0];
  const values = new Float32Array((rows[1] - rows[0]) * width);
  for (let row = rows[0]; row < rows[1]; row++) {
    const from = row * map.size + columns[0];
    values.set(map.values.subarray(from, from + width), (row - rows[0]) * width);
  }
  return { rows, columns, values, precise: !map.stepped && map.size <= 192 };
}
