import { useMemo, useRef, useState } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { useFigure } from "../../display/figures";
import { useMeasure } from "../../display/measure";
import { ViewGrid } from "../../display/ViewGrid";
import { useView, useWidth, type View } from "../../display/view";
import { type Kept, keepOf, sinksOf } from "../../focus/kept";
import { cellIn, type MapOnShow } from "../../focus/maps";
import { HeadLegend } from "../../heads/HeadLegend";
import { type Palette, tone } from "../../lib/colour";
import { pieceLabel, weight } from "../../lib/format";
import { headColour } from "../../lib/head-colours";
import { filterText, readFilter } from "../../session/filter";
import type { Direction, Tokens } from "../../wire/types";
import { LinesCaption } from "./Caption";
import { linesFigure } from "./figure";
import { type HeadOnShow, headsOnShow, vectorOfHead } from "./head-lines";
import { pointLines, pressLines, steerLines } from "./input";
import { LineLabels } from "./Labels";
import { type Lines, linesFilter, linesOf } from "./lines";
import { paintFaint, paintStrong } from "./paint";
import { type Curve, faintCurves, type LinesFrame, lineMiddle, linesFrame, revealLine } from "./scene";

/** More thin lines at once than this cannot be told apart, and cost more than a picture may. */
const budget = 800;

/** The map on show as lines: queries on the left, keys on the right. */
export function LinesView() {
  const view = useView();
  const { derived, local, palette } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const [offset, setOffset] = useState(0);
  const keep = linesFilter(derived.filter.value);
  const map = derived.map.value;
  const lay = useLay(view, map, width);
  const frame = useMemo(() => (lay === null ? null : lay(offset)), [lay, offset]);
  const rule = filterText(keep);
  const strong = useStrong(view, map, rule);
  const lines = useMemo(() => (map === null ? null : linesOf(map, readFilter(rule))), [map, rule]);
  const heads = useHeads(view, rule);
  const faint = useMemo(() => faintOf(map, frame, lines), [map, frame, lines]);
  const colours = palette.value;
  // Its own canvas, and the same element as before unless something in it has changed: the pointer moves on top of it.
  const ground = useMemo(
    () =>
      frame === null ? null : (
        <Canvas
          width={frame.width}
          height={frame.height}
          paint={(brush) => paintFaint(brush, frame, faint.curves, colours)}
        />
      ),
    [frame, faint, colours],
  );
  const ready = map !== null && frame !== null && strong !== null;
  const curves = ready ? curvesOf(strong, heads, frame, derived.focus.value, colours) : [];
  useFigure("stage", (look) =>
    ready && lay !== null ? linesFigure(view, { map, lay, lines, strong, heads, keep }, look) : null,
  );
  return (
    <figure class="aw-view">
      <div class="aw-view-head">
        <h3>
          <span class="aw-unit">query → key</span>
        </h3>
        <HeadLegend heads={heads} />
      </div>
      <ViewGrid
        name="lines"
        label="Attention as lines: queries on the left, keys on the right"
        spoken={map === null ? "" : spoken(view, map)}
        data={{
          tokens: map?.queries,
          keys: map?.keys,
          lines: curves.length,
          faint: faint.curves.length,
          heads: heads.length > 0 ? heads.filter(({ map }) => map !== null).length : undefined,
        }}
        scroller={scroller}
        extent={frame}
        reveal={(token) => (frame === null ? null : revealLine(frame, token))}
        looked={local.hoverToken.value}
        onScroll={setOffset}
        onPoint={(event) => frame !== null && pointLines(view, frame, event)}
        onPress={(event) => frame !== null && pressLines(view, frame, event)}
        onSteer={(event) =>
          steerLines(view, strong === null ? [] : partnersOf(strong, view.derived.direction.value), event)
        }
      >
        {ground}
        {ready && (
          <Canvas
            width={frame.width}
            height={frame.height}
            paint={(brush) => paintStrong(brush, frame, curves, pointedCurve(view, map, frame), colours)}
          />
        )}
        {ready && <LineLabels frame={frame} strong={strong} sinks={map.sinks} />}
      </ViewGrid>
      {ready && (
        <LinesCaption map={map} strong={strong} keep={keep} several={heads.length > 0} faint={faint} />
      )}
    </figure>
  );
}

/** The lines of what is looked at, each way that is shown. */
export type Strong = Readonly<
  Record<Direction, { readonly kept: Kept; readonly weights: Float32Array } | null>
>;

/** The pinned query has its lines in the chosen direction; a token under the pointer both ways. */
function useStrong({ derived, local }: View, map: MapOnShow | null, rule: string): Strong | null {
  const row = derived.row.value;
  const column = derived.column.value;
  const both = local.hoverToken.value !== null && local.cell.value === null;
  const looks = derived.direction.value;
  return useMemo(() => {
    if (map === null) return null;
    const of = (weights: Float32Array | null, direction: Direction) =>
      weights === null || (!both && direction !== looks)
        ? null
        : { weights, kept: keepOf(weights, sinksOf(map, direction), readFilter(rule)) };
    return { reads: of(row, "reads"), read_by: of(column, "read_by") };
  }, [map, row, column, both, looks, rule]);
}

/** The lines of each of several heads; none while a single one is looked at. */
export type HeadLines = readonly (HeadOnShow & { readonly strong: Strong | null })[];

function useHeads({ session, derived, local }: View, rule: string): HeadLines {
  const heads = local.hoverHead.value === null ? headsOnShow(session) : [];
  const focus = derived.focus.value;
  const looks = derived.direction.value;
  return heads.map((each) => {
    const { map } = each;
    const weights = map === null ? null : vectorOfHead(map, focus, looks);
    if (map === null || weights === null) return { ...each, strong: null };
    const one = { weights, kept: keepOf(weights, sinksOf(map, looks), readFilter(rule)) };
    const strong = { reads: null, read_by: null, [looks]: one };
    return { ...each, strong };
  });
}

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
      found.push({ from, to, tone: tone(one.weights[other] ?? 0, one.kept.peak), dashed, direction });
    };
    for (const other of one.kept.tokens) add(other, false);
    for (const other of one.kept.sinks) add(other, true);
  }
  return found;
}

function partnersOf(strong: Strong, direction: Direction): readonly number[] {
  const kept = strong[direction]?.kept;
  return kept === undefined ? [] : [...kept.tokens, ...kept.sinks];
}

export function faintOf(map: MapOnShow | null, frame: LinesFrame | null, lines: Lines | null) {
  if (map === null || frame === null || lines === null) return { curves: [], passing: 0 };
  return faintCurves(frame, lines, (amount) => tone(amount, map.peak), map.direction, budget);
}

const largerThanMeasured = 13 / 11;

/** Makes the frame of the lines: on the page what is seen of them, in a figure as much as may be. */
export type LayLines = (offset: number, tallest?: number) => LinesFrame;

function useLay(view: View, map: MapOnShow | null, width: number): LayLines | null {
  const { tokens, keys: read } = view.derived;
  const measure = useMeasure(view.palette.value.font);
  const widest = useMemo(() => {
    const pieces = new Set([...(tokens.value?.pieces ?? []), ...(read.value?.pieces ?? [])]);
    const widths = Array.from(pieces, (piece) => measure(pieceLabel(piece)));
    return Math.max(24, ...widths) * largerThanMeasured;
  }, [tokens.value, read.value, measure]);
  const [queries, keys] = [map?.queries ?? 0, map?.keys ?? 0];
  return useMemo(() => {
    if (queries === 0 || keys === 0 || width === 0) return null;
    return (offset, tallest) =>
      linesFrame({ queries, keys, width, offset, widest, ...(tallest === undefined ? {} : { tallest }) });
  }, [queries, keys, width, widest]);
}

function pointedCurve({ local }: View, map: MapOnShow, frame: LinesFrame): Curve | null {
  const cell = cellIn(map, local.cell.value);
  if (cell === null) return null;
  const from = lineMiddle(frame, [cell.query, cell.query + 1]);
  const to = lineMiddle(frame, [cell.key, cell.key + 1]);
  return { from, to, tone: 1, dashed: false, direction: map.direction };
}

function spoken({ derived, local }: View, map: MapOnShow): string {
  const name = (tokens: Tokens | null, token: number) => pieceLabel(tokens?.pieces[token] ?? "");
  const reads = derived.direction.value === "reads";
  const cell = cellIn(map, local.cell.value);
  const weights = (reads ? derived.row.value : derived.column.value) ?? new Float32Array();
  if (cell !== null) {
    const amount = weights[reads ? cell.key : cell.query] ?? Number.NaN;
    return `${name(derived.tokens.value, cell.query)} reads ${name(derived.keys.value, cell.key)} ${weight(amount)}`;
  }
  const ranked = (reads ? derived.reads.value : derived.readBy.value).slice(0, 3);
  const list = ranked
    .map((found) => `${name(derived.others.value, found.token)} ${weight(found.weight)}`)
    .join(", ");
  return `${name(derived.asked.value, derived.focus.value[0])} ${reads ? "reads" : "is read by"} ${list || "nothing"}`;
}
