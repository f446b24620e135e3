import { type Figure, type FigureLook, tallestFigure } from "../../display/figures";
import { textMeasurer } from "../../display/measure";
import { accent } from "../../lib/colour";
import { csv, quoted } from "../../lib/csv";
import type { LensTable } from "./lens";
import { paintLens } from "./paint";
import { cellOf, fullsOf, namesOf } from "./picture";
import { type LensScene, wholeLens } from "./scene";
import { recipeOf } from "./words";

/** A line for each cell that has come, with all digits. */
export function csvOf({ columns }: LensTable): string {
  const lines = columns.flatMap((column) => {
    if (column === null) return [];
    const token = quoted(column.lens.pieces[column.at] ?? "");
    return Array.from({ length: column.lens.layers }, (_, layer) => {
      const { top, answer, rank } = cellOf(column, layer);
      const said = [quoted(top[0]?.piece ?? ""), top[0]?.probability ?? ""];
      return [layer, column.position, token, quoted(answer.piece), answer.probability, rank, ...said];
    });
  });
  return csv([
    ["layer", "position", "token", "answer", "answer_probability", "answer_rank", "says", "probability"],
    ...lines,
  ]);
}

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
    csv: () => csvOf(table),
    paint: (brush) => paintLens(brush, placed, picture, null, accent(palette, "reads").strong, palette),
  };
}
