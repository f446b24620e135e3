import { sentence, spanLabel } from "../../controls/Toolbar";
import type { Figure, FigureLook } from "../../display/figures";
import { textMeasurer } from "../../display/measure";
import type { View } from "../../display/view";
import type { Derived } from "../../focus/derived";
import type { MapOnShow } from "../../focus/maps";
import { count } from "../../lib/format";
import type { Filter } from "../../session/filter";
import { type Crops, cropRoom } from "../../surface/picture/crops";
import type { Direction } from "../../wire/types";
import { lineEnds, lineMarks, nowhere, unmarked } from "./labels";
import { placeLineEnds } from "./labels-scene";
import type { Lines } from "./lines";
import { lineLabelFont, paintFaint, paintLineLabels, paintRim, paintStrong } from "./paint";
import { curvesOf, faintOf, fullOf, type HeadLines, type LayLines, type Strong } from "./picture";
import type { RimMark, Track } from "./rim-scene";
import { type LinesFrame, type Offsets, seenIn } from "./scene";
import { left, made, rule } from "./words";

interface Drawn {
  readonly map: MapOnShow;
  readonly lay: LayLines;
  readonly lines: Lines | null;
  readonly strong: Strong;
  readonly heads: HeadLines;
  readonly keep: Filter;
  readonly leads: Direction;
  readonly offsets: Offsets;
  readonly marks: readonly RimMark[];
  readonly tracks: readonly Track[];
  /** What tokens look like, of a picture. */
  readonly crops: Crops | null;
}

/** The lines as they are on the page: of a text that does not fit what is in sight of it, and what is not. */
export function linesFigure({ derived }: View, drawn: Drawn, { palette, outlined }: FigureLook): Figure {
  const { map, lay, lines, strong, heads, leads } = drawn;
  const focus = derived.focus.peek();
  const frame = lay(drawn.offsets);
  const faint = faintOf(map, frame, lines, derived.full.peek());
  const asked = lineMarks(derived, null);
  const ends = lineEnds(derived, frame, strong, outlined ? { ...asked, pinned: nowhere } : unmarked);
  const measure = textMeasurer();
  const placed = placeLineEnds(
    frame,
    ends,
    (text, strong) => measure(text, `${lineLabelFont(frame, strong)} ${palette.font}`),
    drawn.crops === null ? 0 : cropRoom,
  );
  const tokens = derived.asked.peek();
  return {
    name: "lines",
    title: tokens === null ? map.title : `${map.title} · ${sentence(tokens, focus, leads)}`,
    width: frame.width,
    height: frame.height,
    caption: captionOf(derived, drawn, faint, frame),
    direction: leads,
    lines: true,
    full: fullOf(strong, heads, leads),
    paint: (brush) => {
      paintFaint(brush, frame, faint.curves, palette);
      paintStrong(brush, frame, curvesOf(strong, heads, frame, focus, palette), null, palette);
      paintLineLabels(brush, frame, placed, leads, palette, drawn.crops);
      paintRim(brush, drawn.marks, drawn.tracks, leads, palette);
    },
  };
}

function captionOf(
  derived: Derived,
  { map, strong, keep, leads }: Drawn,
  faint: ReturnType<typeof faintOf>,
  { long, columns }: LinesFrame,
): string {
  const kept = strong[leads]?.kept;
  const asked = derived.asked.peek();
  const drawn = faint.curves.length;
  return [
    "query → key",
    made(map),
    rule(map, keep, leads),
    ...(kept === undefined || asked === null
      ? []
      : [`“${spanLabel(asked, derived.focus.peek())}”: ${left(kept, leads)}`]),
    ...(drawn < faint.passing ? [`faint: the ${drawn} strongest of ${count(faint.passing, "line")}`] : []),
    ...(long ? [`${seenIn(columns.key).length} of ${count(columns.key.count, "key")} in sight`] : []),
  ].join(" · ");
}
