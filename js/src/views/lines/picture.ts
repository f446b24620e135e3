import type { Kept } from "../../focus/kept";
import type { MapOnShow } from "../../focus/maps";
import { fullTone, type Palette, type ToneScale, tone } from "../../lib/colour";
import { headColour } from "../../lib/head-colours";
import type { Direction } from "../../wire/types";
import type { HeadOnShow } from "./head-lines";
import type { Lines } from "./lines";
import { type Curve, faintCurves, type LinesFrame, lineMiddle } from "./scene";

/** More thin lines at once than this cannot be told apart, and cost more than a picture may. */
const budget = 800;

/** The lines of what is looked at, each way that is shown. */
export type Strong = Readonly<
  Record<Direction, { readonly kept: Kept; readonly weights: Float32Array; readonly full: number } | null>
>;

/** The lines of each of several heads; none while a single one is looked at. */
export type HeadLines = readonly (HeadOnShow & { readonly strong: Strong | null })[];

/** Makes the frame of the lines: on the page what is seen of them, in a figure as much as may be. */
export type LayLines = (offset: number, tallest?: number) => LinesFrame;

/** Of several heads each in its own colour, once their maps have come; until then of what they are together. */
export function curvesOf(
  strong: Strong,
  heads: HeadLines,
  frame: LinesFrame,
  focus: readonly [number, number],
  palette: Palette,
): Curve[] {
  const known = heads.filter((each) => each.strong !== null);
  if (known.length === 0) return strongCurves(strong, frame, focus);
  return known.flatMap((each) =>
    strongCurves(each.strong as Strong, frame, focus).map((curve) => ({
      ...curve,
      colour: headColour(palette.dark, each.index),
    })),
  );
}

function strongCurves(strong: Strong, frame: LinesFrame, focus: readonly [number, number]): Curve[] {
  const middle = lineMiddle(frame, focus);
  const found: Curve[] = [];
  for (const direction of ["reads", "read_by"] as const) {
    const one = strong[direction];
    if (one === null) continue;
    const add = (other: number, dashed: boolean) => {
      const end = lineMiddle(frame, [other, other + 1]);
      const [from, to] = direction === "reads" ? [middle, end] : [end, middle];
      found.push({ from, to, tone: tone(one.weights[other] ?? 0, one.full), dashed, direction });
    };
    for (const other of one.kept.tokens) add(other, false);
    for (const other of one.kept.sinks) add(other, true);
  }
  return found;
}

/** The strongest lines of all that is not looked at. */
export function faintOf(
  map: MapOnShow | null,
  frame: LinesFrame | null,
  lines: Lines | null,
  scale: ToneScale,
) {
  if (map === null || frame === null || lines === null) return { curves: [], passing: 0 };
  const full = fullTone(scale, map.peak);
  return faintCurves(frame, lines, (amount) => tone(amount, full), map.direction, budget);
}
