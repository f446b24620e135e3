import { sentence } from "../../controls/Toolbar";
import type { Figure, FigureLook } from "../../display/figures";
import type { View } from "../../display/view";
import { sinkNote } from "../../focus/kept";
import type { MapOnShow } from "../../focus/maps";
import { clauses } from "../../lib/format";
import { extentLabel } from "../../matrix/Extent";
import { paintMatrix } from "../../matrix/paint";
import { atRest, inkWidth, type MatrixScene } from "../../matrix/scene";
import type { Picture } from "./use-picture";
import { filterNote } from "./words";

/** What is in sight of the map, as on the page. */
export function matrixFigure(
  { derived }: View,
  map: MapOnShow,
  onShow: MatrixScene,
  picture: Picture,
  { palette, outlined }: FigureLook,
): Figure {
  const scene = atRest(onShow, outlined);
  const tokens = derived.asked.peek();
  const { title, direction } = map;
  return {
    name: "matrix",
    title: tokens === null ? title : `${title} · ${sentence(tokens, map.query, direction)}`,
    width: inkWidth(scene),
    height: scene.height,
    caption: clauses(
      map.recipe,
      sinkNote(map, picture.full, derived.keys.peek()),
      filterNote(map, derived.filter.peek()),
      scene.zoomed ? extentLabel(scene) : "",
    ),
    direction,
    full: picture.full,
    signed: map.signed,
    paint: (brush) => paintMatrix(brush, scene, picture.repainted(palette), palette),
  };
}
