import { useEffect, useMemo, useRef } from "preact/hooks";
import type { View } from "../../display/view";
import { fadingOf } from "../../focus/kept";
import { type MapOnShow, weightAt } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import type { Palette } from "../../lib/colour";
import type { MatrixPicture } from "../../matrix/paint";
import type { MatrixScene } from "../../matrix/scene";
import { blocksOf, cellOf, type TiledMap, tiledMap, tileSide } from "../../session/answers/tiles";
import type { Filter } from "../../session/filter";
import { changedIn } from "./changed";
import { mosaic } from "./mosaic";
import { plainPicture, printer } from "./picture";

/** What is asked at once, and what waits until the eye rests: an answer that is under way may do. */
const eager = 10;
const rest = 60;

/** The exact map behind the one on show, where tiles of it can be asked for. */
export function useTiled({ session }: View, map: MapOnShow | null): TiledMap | null {
  const shown = session.shown.value;
  return useMemo(() => tiledMap(shown, map), [shown, map]);
}

export interface Picture extends MatrixPicture {
  /** `exact`: all of what is in sight is; `loading`: it is asked for; null: tiles would not show more. */
  readonly tiles: "exact" | "loading" | null;
  /** The same in other colours. */
  readonly repainted: (palette: Palette) => MatrixPicture;
}

/** The picture of the map: pooled as it came, or of exact tiles once a pair of tokens has a pixel. */
export function usePicture(
  view: View,
  map: MapOnShow | null,
  tiled: TiledMap | null,
  scene: MatrixScene | null,
): Picture | null {
  const colours = view.palette.value;
  const { tiles } = view.session;
  const revision = tiles.revision();
  const fine =
    map !== null &&
    tiled !== null &&
    scene !== null &&
    map.pooling > 1 &&
    Math.min(scene.columnPitch, scene.rowPitch) >= 1;
  const pieces = fine
    ? blocksOf(scene, tileSide.tile, map).map((place) => ({ place, tile: tiles.block(tiled, place) }))
    : [];
  const there = pieces.filter(({ tile }) => tile !== undefined).length;
  const wanted = pieces.map(({ place, tile }) => [place.rows[0], place.columns[0], Boolean(tile)]).join();

  useEffect(() => {
    if (tiled === null || scene === null || there === pieces.length) return;
    const delay = tiles.busy("tile") ? rest : eager;
    const timer = setTimeout(() => void tiles.want("tile", tiled, scene, view.local.asker), delay);
    return () => clearTimeout(timer);
  }, [tiled, wanted, revision]);

  const drawn = usePlain(view, map, colours);
  const { plain, faded } = drawn ?? { plain: null, faded: null };
  const exact = useMemo(
    () => (map === null || plain === null || there === 0 ? null : mosaic(pieces, map, plain.image, plain)),
    [map, plain, wanted],
  );

  if (map === null || plain === null) return null;
  const printed = map.exact && (map.pooling === 1 || fine) ? printer(view.session, map, tiled, faded) : null;
  const state = fine ? (there === pieces.length ? "exact" : "loading") : null;
  const changed = changedIn(view.session, map);
  const repainted = (palette: Palette) => {
    const other = plainPicture(map, faded, plain.full, palette);
    return { ...other, ...(there === 0 ? null : mosaic(pieces, map, other.image, other)), printed, changed };
  };
  return { ...plain, ...exact, printed, changed, tiles: state, repainted };
}

interface Drawn {
  readonly map: MapOnShow;
  readonly filter: Filter;
  readonly full: number;
  readonly colours: Palette;
  readonly faded: Float32Array | null;
  readonly plain: Omit<MatrixPicture, "printed">;
}

/** Of the map on show and of the one to come back to: leaving a head makes nothing anew. */
function usePlain({ local, derived }: View, map: MapOnShow | null, colours: Palette): Drawn | null {
  const filter = derived.filter.value;
  const hovering = local.hoverHead.peek() !== null;
  const home = useRef<Drawn | null>(null);
  const last = useRef<Drawn | null>(null);
  if (map === null) return null;
  const full = derived.full.value;
  const same = (one: Drawn | null) =>
    one?.map === map && one.filter === filter && one.full === full && one.colours === colours;
  const known = [last.current, home.current].find(same) ?? undefined;
  const faded = known === undefined ? fadingOf(map, filter) : known.faded;
  const drawn = known ?? {
    map,
    filter,
    full,
    colours,
    faded,
    plain: plainPicture(map, faded, full, colours),
  };
  last.current = drawn;
  if (!hovering) home.current = drawn;
  return drawn;
}

/** A weight, and how it is to be understood. */
export interface Reading {
  readonly value: number;
  readonly kind: "exact" | "about" | "at most";
}

/** The weight of a cell, asked for in full where what is there is not. */
export function useReading(
  { session, local }: View,
  map: MapOnShow | null,
  tiled: TiledMap | null,
  cell: Cell | null,
): Reading | null {
  const { tiles } = session;
  const revision = tiles.revision();
  const known = tiled === null || cell === null ? null : tiles.weight(tiled, cell.query, cell.key);
  const hidden = map === null || cell === null || (map.causal && cell.key > cell.query);
  const enough = hidden || map.precise || (map.stepped && map.pooling === 1) || known?.precise === true;
  useEffect(() => {
    if (tiled === null || cell === null || enough) return;
    const timer = setTimeout(
      () => void tiles.want("cell", tiled, cellOf(cell.query, cell.key), local.asker),
      eager,
    );
    return () => clearTimeout(timer);
  }, [tiled, cell, enough, revision]);
  if (hidden) return null;
  const kind = !map.exact || map.stepped ? "about" : "exact";
  if (known !== null && !map.precise) return { value: known.value, kind };
  return {
    value: weightAt(map, cell.query, cell.key),
    kind: map.exact && map.pooling > 1 ? "at most" : kind,
  };
}
