import type { Figure, FigureLook } from "../../display/figures";
import { shorten, toneNumber } from "../../lib/format";
import { extentLabel } from "../../matrix/Extent";
import { type MatrixPicture, paintMatrix } from "../../matrix/paint";
import { atRest, inkWidth, type MatrixScene } from "../../matrix/scene";
import type { Difference } from "../../wire/difference";
import { numberIn } from "./places";

/** What is in sight of a difference, as on the page. */
export function changeFigure(
  difference: Difference,
  against: string,
  onShow: MatrixScene,
  picture: MatrixPicture,
  { palette, outlined }: FigureLook,
): Figure {
  const scene = atRest(onShow, outlined);
  const { layer, head, recipe } = difference;
  const part = scene.zoomed ? ` · ${extentLabel(scene, numberIn(difference))}` : "";
  return {
    name: "compare",
    title: `Layer ${layer} · Head ${head} · change from “${shorten(against, 60)}”`,
    width: inkWidth(scene),
    height: scene.height,
    caption: `${recipe} · green: more, purple: less; full tone ${toneNumber(picture.full)}${part}`,
    direction: "reads",
    full: null,
    paint: (brush) => paintMatrix(brush, scene, picture, palette),
  };
}
