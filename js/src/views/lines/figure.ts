import { sentence, spanLabel } from "../../controls/Toolbar";
import { type Figure, type FigureLook, tallestFigure } from "../../display/figures";
import { textMeasurer } from "../../display/measure";
import type { View } from "../../display/view";
import type { Derived } from "../../focus/derived";
import type { MapOnShow } from "../../focus/maps";
import { count } from "../../lib/format";
import type { Filter } from "../../session/filter";
import { lineEnds, lineMarks, nowhere, unmarked } from "./labels";
import { lineLabelFont, paintLineLabels } from "./labels-paint";
import { placeLineEnds } from "./labels-scene";
import type { Lines } from "./lines";
import { paintFaint, paintStrong } from "./paint";
import { curvesOf, faintOf, type HeadLines, type LayLines, type Strong } from "./picture";
import { type LinesFrame, lineMiddle } from "./scene";
import { left, rule } from "./words";

interface Drawn {
  readonly map: MapOnShow;
  readonly lay: LayLines;
  readonly lines: Lines | null;
  readonly strong: Strong;
  readonly heads: HeadLines;
  readonly keep: Filter;
}

/** All lines as they are on the page, from the first token to the last, as far as a picture reaches. */
export function linesFigure({ derived }: View, drawn: Drawn, { palette, outlined }: FigureLook): Figure {
  const { map, lay, lines, strong, heads } = drawn;
  const focus = derived.focus.peek();
  const whole = lay(0, tallestFigure);
  const frame = lay(lineMiddle(whole, focus) - tallestFigure / 2, tallestFigure);
  const faint = faintOf(map, frame, lines, derived.scale.peek());
  const asked = lineMarks(derived, null);
  const ends = lineEnds(derived, frame, strong, outlined ? { ...asked, pinned: nowhere } : unmarked);
  const measure = textMeasurer();
  const placed = placeLineEnds(frame, ends, (text, strong) =>
    measure(text, `${lineLabelFont(strong)} ${palette.font}`),
  );
  const tokens = derived.asked.peek();
  return {
    name: "lines",
    title: tokens === null ? map.title : `${map.title} · ${sentence(tokens, focus, map.direction)}`,
    width: frame.width,
    height: frame.height,
    caption: captionOf(derived, drawn, faint, frame),
    direction: map.direction,
    lines: true,
    full: strong[map.direction]?.full ?? null,
    paint: (brush) => {
      paintFaint(brush, frame, faint.curves, palette);
      paintStrong(brush, frame, curvesOf(strong, heads, frame, focus, palette), null, palette);
      paintLineLabels(brush, placed, map.direction, palette);
    },
  };
}

function captionOf(
  derived: Derived,
  { map, strong, keep }: Drawn,
  faint: ReturnType<typeof faintOf>,
  { seen, queries, keys }: LinesFrame,
): string {
  const kept = strong[map.direction]?.kept;
  const asked = derived.asked.peek();
  const tokens = Math.max(queries, keys);
  const drawn = faint.curves.length;
  return [
    "query → key",
    map.recipe,
    rule(map, keep),
    ...(kept === undefined || asked === null
      ? []
      : [`“${spanLabel(asked, derived.focus.peek())}”: ${left(kept, map.direction)}`]),
    ...(drawn < faint.passing ? [`faint: the ${drawn} strongest of ${count(faint.passing, "line")}`] : []),
    ...(seen[1] - seen[0] < tokens ? [`tokens ${seen[0]}–${seen[1] - 1} of ${tokens}`] : []),
  ].join(" · ");
}
