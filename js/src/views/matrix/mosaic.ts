import { type Pixels, weightPixels } from "../../drawing/pixels";
import type { MapOnShow } from "../../focus/maps";
import type { Ramp } from "../../lib/colour";
import type { MatrixPicture } from "../../matrix/paint";
import { around, type Region } from "../../session/answers/tiles";
import type { Tile } from "../../wire/types";

export interface Piece {
  readonly place: Region;
  readonly tile: Tile | undefined;
}

type Image = Pick<MatrixPicture, "image" | "rows" | "columns" | "queriesEach" | "keysEach" | "first">;

/** What is in sight in one image, a pixel for every pair of tokens: exact where a tile has come, the pooled picture elsewhere. */
export function mosaic(
  pieces: readonly Piece[],
  map: MapOnShow,
  pooled: Pixels,
  { full, ramp }: { readonly full: number; readonly ramp: Ramp },
): Image | null {
  const region = around(pieces.map(({ place }) => place));
  if (region === null) return null;
  const [top, left] = [region.rows[0], region.columns[0]];
  const [rows, columns] = [region.rows[1] - top, region.columns[1] - left];
  const whole = { width: columns, height: rows, data: new Uint8ClampedArray(rows * columns * 4) };
  for (const { place, tile } of pieces) {
    const [x, y] = [place.columns[0], place.rows[0]];
    const [width, height] = [place.columns[1] - x, place.rows[1] - y];
    const at = { x: x - left, y: y - top };
    if (tile === undefined) {
      const from = (down: number, right: number) =>
        Math.floor((y + down) / map.queriesEach) * pooled.width + Math.floor((x + right) / map.keysEach);
      put(whole, at, { width, height, data: pooled.data }, from);
      continue;
    }
    const { values } = tile;
    const { causal, signed } = map;
    const part = { values, rows: height, columns: width, full, causal, signed, shift: y - x };
    put(whole, at, weightPixels(part, ramp), (down, right) => down * width + right);
  }
  return { image: whole, rows, columns, queriesEach: 1, keysEach: 1, first: { query: top, key: left } };
}

/** Lays one image into another. `from` says which of its pixels stands where. */
function put(
  whole: Pixels,
  { x, y }: { readonly x: number; readonly y: number },
  part: Pixels,
  from: (down: number, right: number) => number,
): void {
  const [source, target] = [new Uint32Array(part.data.buffer), new Uint32Array(whole.data.buffer)];
  for (let down = 0; down < part.height; down++) {
    for (let right = 0; right < part.width; right++)
      target[(y + down) * whole.width + x + right] = source[from(down, right)] as number;
  }
}
