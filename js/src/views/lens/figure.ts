import { type Figure, type FigureLook, tallestFigure } from "../../display/figures";
import { textMeasurer } from "../../display/measure";
import { accent } from "../../lib/colour";
import type { LensTable } from "./lens";
import { paintLens } from "./paint";
import { fullsOf, namesOf } from "./picture";
import { type LensScene, wholeLens } from "./scene";
import { recipeOf } from "./words";

/** The table as it is on the page, all layers with it. */
export function lensFigure(table: LensTable, scene: LensScene, { palette, outlined }: FigureLook): Figure {
  const whole = wholeLens(scene, tallestFigure);
  const measure = textMeasurer();
  const picture = {
    table,
    names: namesOf(table),
    full: fullsOf(table.direct),
    chosen: null,
    measure,
  };
  const placed = outlined ? whole : { ...whole, queryBand: null };
  return {
    name: "lens",
    title: "What each layer would say",
    width: whole.width,
    height: whole.height,
    caption: recipeOf(table),
    direction: "reads",
    full: null,
    paint: (brush) => paintLens(brush, placed, picture, null, accent(palette, "reads").strong, palette),
  };
}
