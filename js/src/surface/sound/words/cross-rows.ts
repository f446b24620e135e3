import { type MapOnShow, rowOf } from "../../../focus/maps";
import { blocksOf, type Region, type TiledMap, type Tiles, tileSide } from "../../../session/answers/tiles";

/** What each query reads, exactly; null of one whose numbers are not here yet. */
export type RowsOf = (query: number) => Float32Array | null;

/** More cells than this the kernel sends in no tile. */
const mostCells = 2 ** 20;

/** The rows of a map: its own where it has a cell for every pair, else from tiles. Before those are asked for, a first sight of a head. */
export function rowsOf(map: MapOnShow, tiled: TiledMap | null, tiles: Pick<Tiles, "block">): RowsOf {
  if (map.pooling === 1 || tiled === null) return (query) => rowOf(map, [query, query + 1]);
  return (query) => {
    const row = new Float32Array(map.keys);
    for (const place of blocksOf(
      { rows: [query, query + 1], columns: [0, map.keys] },
      tileSide.tile,
      tiled.size,
    )) {
      const tile = tiles.block(tiled, place);
      if (tile === undefined) return null;
      const width = tile.columns[1] - tile.columns[0];
      const from = (query - tile.rows[0]) * width;
      row.set(tile.values.subarray(from, from + width), tile.columns[0]);
    }
    return row;
  };
}

/** What is to be asked for before the rows of some queries are there; as many of them as a tile can hold. */
export function wantedRows(map: MapOnShow, [start, stop]: readonly [number, number]): Region {
  const most = Math.max(1, Math.floor(mostCells / Math.max(1, map.keys)) - tileSide.tile);
  return { rows: [start, Math.min(stop, start + most)], columns: [0, map.keys] };
}
