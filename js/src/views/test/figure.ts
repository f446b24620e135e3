import { type Figure, type FigureLook, tallestFigure } from "../../display/figures";
import { csv, quoted } from "../../lib/csv";
import { clauses } from "../../lib/format";
import type { Evidence, EvidenceMethod } from "../../wire/experiments/evidence";
import { curveLooks } from "./curves";
import { paintCurves } from "./curves-paint";
import { curvesScene } from "./curves-scene";
import { paintTest } from "./paint";
import { type TestPicture, testPicture } from "./picture";
import type { TestScene } from "./scene";
import { recipesOf } from "./words";

const gap = 16;
const curvesSize = { width: 340, height: 170 } as const;

interface Shown {
  readonly evidence: Evidence;
  readonly columns: readonly EvidenceMethod[];
  readonly scene: TestScene;
  readonly picture: TestPicture;
}

/** The whole table, under it the curves; what it says in the caption. */
export function testFigure(
  { evidence, columns, scene, picture }: Shown,
  { palette, outlined }: FigureLook,
): Figure {
  const { answer, curves, sentence, left_out } = evidence;
  const inks = testPicture(evidence, columns, palette);
  const drawn: TestPicture = {
    ...picture,
    ...inks,
    looked: null,
    marked: new Set(),
    query: outlined ? picture.query : new Set(),
    strong: palette.reads.strong,
  };
  const lines = curves === null ? null : curvesScene(curves, curvesSize.width, curvesSize.height);
  const where = answer.at === null ? "" : ` after token ${answer.at}`;
  return {
    name: "test",
    title: `Why ${answer.words}${where}`,
    width: Math.max(scene.left + columns.length * scene.columnWidth, lines === null ? 0 : lines.width),
    height: Math.min(tallestFigure, scene.height + (lines === null ? 0 : gap + lines.height)),
    caption: clauses(sentence ?? "", left_out === "" ? "" : `not compared: ${left_out}`, recipesOf(columns)),
    direction: "reads",
    full: null,
    csv: () => evidenceCsv(evidence),
    paint: (brush) => {
      paintTest(brush, scene, drawn, palette);
      if (lines === null) return;
      brush.context.translate(0, scene.height + gap);
      paintCurves(brush, lines, curveLooks(evidence, palette), palette);
    },
  };
}

/** All numbers with all their digits; below them the rank agreements. */
export function evidenceCsv({ places, methods }: Evidence): string {
  const known = methods.filter(({ why }) => why === null);
  const number = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? "" : String(value);
  const rank = (name: "rho" | "low" | "high") => [
    quoted(`rank agreement ${name}`),
    ...["", "", ""],
    ...known.map(({ agreement }) => number(agreement?.[name])),
  ];
  return csv([
    ["word", "token", "count", "kind", ...known.map(({ name }) => quoted(name))],
    ...places.map(({ piece, token, count, kind }, place) => [
      quoted(piece),
      token,
      count,
      kind,
      ...known.map(({ values }) => number(values[place])),
    ]),
    rank("rho"),
    rank("low"),
    rank("high"),
  ]);
}
