import { weightPixels } from "../../drawing/pixels";
import type { MapOnShow } from "../../focus/maps";
import type { Ramp } from "../../lib/colour";
import { around, type Region } from "../../session/answers/tiles";
import type { Tile } from "../../wire/types";
import type { MatrixPicture } from "./paint";

export interface Piece {
  readonly place: Region;
  readonly tile: Tile | undefined;
}

type Image = Pick<MatrixPicture, "image" | "rows" | "columns" | "queriesEach" | "keysEach" | "first">;

/** What is in sight in one image, a pixel for every pair of tokens: exact where a tile has come, the pooled picture elsewhere. */
export function mosaic(
  pieces: readonly Piece[],
  map: MapOnShow,
  pooled: CanvasImageSource,
  ramp: Ramp,
): Image | null {
  const region = around(pieces.map(({ place }) => place));
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (region === null || context === null) return null;
  const [top, left] = [region.rows[0], region.columns[0]];
  canvas.width = region.columns[1] - left;
  canvas.height = region.rows[1] - top;
  context.imageSmoothingEnabled = false;
  for (const { place, tile } of pieces) {
    const [x, y] = [place.columns[0], place.rows[0]];
    const [width, height] = [place.columns[1] - x, place.rows[1] - y];
    if (tile === undefined) {
      const [fromX, across] = [x / map.keysEach, width / map.keysEach];
      const [fromY, down] = [y / map.queriesEach, height / map.queriesEach];
      context.drawImage(pooled, fromX, fromY, across, down, x - left, y - top, width, height);
      continue;
    }
    const pixels = context.createImageData(width, height);
    const { values } = tile;
    const part = { values, rows: height, columns: width, peak: map.peak, causal: map.causal, shift: y - x };
    pixels.data.set(weightPixels(part, ramp));
    context.putImageData(pixels, x - left, y - top);
  }
  return {
    image: canvas,
    rows: canvas.height,
    columns: canvas.width,
    queriesEach: 1,
    keysEach: 1,
    first: { query: top, key: left },
  };
}
