import { weightPixels } from "../../drawing/pixels";
import { hatchedKeys } from "../../focus/kept";
import { type MapOnShow, weightAt } from "../../focus/maps";
import { accent, type Palette, rampOf } from "../../lib/colour";
import type { MatrixPicture } from "../../matrix/paint";
import type { TiledMap } from "../../session/answers/tiles";
import type { Session } from "../../session/session";

/** The map as it came, in colours. */
export function plainPicture(
  map: MapOnShow,
  faded: Float32Array | null,
  full: number,
  palette: Palette,
): Omit<MatrixPicture, "printed"> {
  const { strong } = accent(palette, map.direction);
  const { signed } = map;
  const ramp = rampOf(palette, map.direction, signed);
  const { rows, columns, queriesEach, keysEach } = map;
  const image = weightPixels({ ...map, full, fading: faded }, ramp);
  const sinks = signed ? new Set<number>() : hatchedKeys(map);
  return { image, rows, columns, queriesEach, keysEach, full, ramp, signed, strong, sinks };
}

/** The weight of a cell, where it is known well enough to be printed. */
export function printer(
  { tiles }: Session,
  map: MapOnShow,
  tiled: TiledMap | null,
  faded: Float32Array | null,
): MatrixPicture["printed"] {
  return (query, key) => {
    if (map.causal && key > query) return null;
    if (faded !== null && faded[query * map.columns + key] !== 1) return null;
    if (map.pooling === 1) return weightAt(map, query, key);
    return (tiled && tiles.weight(tiled, query, key)?.value) ?? null;
  };
}
