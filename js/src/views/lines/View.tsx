import { useMemo, useRef, useState } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { useFigure } from "../../display/figures";
import { textMeasurer, useMeasure } from "../../display/measure";
import { ViewGrid } from "../../display/ViewGrid";
import { useView, useWidth, type View } from "../../display/view";
import { keepOf, sinksOf } from "../../focus/kept";
import { cellIn, type MapOnShow } from "../../focus/maps";
import type { Local } from "../../focus/pointer";
import { fullTone, type ToneScale } from "../../lib/colour";
import { pieceLabel } from "../../lib/format";
import { filterText, readFilter } from "../../session/filter";
import type { Direction } from "../../wire/types";
import { LinesCaption } from "./Caption";
import { linesFigure } from "./figure";
import { HeadLegend } from "./HeadLegend";
import { headsOnShow, vectorOfHead } from "./head-lines";
import { pointLines, pressLines, steerLines } from "./input";
import { lineEnds, lineMarks } from "./labels";
import { lineLabelFont, paintLineLabels } from "./labels-paint";
import { type PlacedLineEnd, placeLineEnds } from "./labels-scene";
import { linesFilter, linesOf } from "./lines";
import { paintFaint, paintStrong } from "./paint";
import { curvesOf, faintOf, type HeadLines, type LayLines, type Strong } from "./picture";
import { type Curve, type LinesFrame, lineMiddle, linesFrame, revealLine } from "./scene";
import { spoken } from "./words";

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
  const scale = derived.scale.value;
  const faint = useMemo(() => faintOf(map, frame, lines, scale), [map, frame, lines, scale]);
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
  const labels = useLabels(view, ready ? frame : null, strong);
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
        spoken={map === null ? "" : spoken(derived, local.cell.value, map)}
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
        title={shortened(labels, local)}
        told={{ labels: () => labels }}
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
            paint={(brush) => {
              paintStrong(brush, frame, curves, pointedCurve(view, map, frame), colours);
              paintLineLabels(brush, labels, derived.direction.peek(), colours);
            }}
          />
        )}
      </ViewGrid>
      {ready && (
        <LinesCaption map={map} strong={strong} keep={keep} several={heads.length > 0} faint={faint} />
      )}
    </figure>
  );
}

/** The pinned query has its lines in the chosen direction; a token under the pointer both ways. */
function useStrong({ derived, local }: View, map: MapOnShow | null, rule: string): Strong | null {
  const row = derived.row.value;
  const column = derived.column.value;
  const both = local.hoverToken.value !== null && local.cell.value === null;
  const looks = derived.direction.value;
  const scale = derived.scale.value;
  return useMemo(() => {
    if (map === null) return null;
    const of = (weights: Float32Array | null, direction: Direction) =>
      weights === null || (!both && direction !== looks)
        ? null
        : strongOf(map, weights, direction, rule, scale);
    return { reads: of(row, "reads"), read_by: of(column, "read_by") };
  }, [map, row, column, both, looks, rule, scale]);
}

function strongOf(
  map: MapOnShow,
  weights: Float32Array,
  direction: Direction,
  rule: string,
  scale: ToneScale,
) {
  const kept = keepOf(weights, sinksOf(map, direction), readFilter(rule));
  return { weights, kept, full: fullTone(scale, kept.peak) };
}

/** The tokens on both sides, where they are written. */
function useLabels({ derived, local, palette }: View, frame: LinesFrame | null, strong: Strong | null) {
  const measure = useMemo(textMeasurer, []);
  if (frame === null || strong === null) return [];
  const { font } = palette.value;
  const ends = lineEnds(derived, frame, strong, lineMarks(derived, local.marked.value));
  return placeLineEnds(frame, ends, (text, strong) => measure(text, `${lineLabelFont(strong)} ${font}`));
}

/** The word under the pointer, where there is no room for it. */
function shortened(labels: readonly PlacedLineEnd[], { hoverToken, hoverSide }: Local): string | undefined {
  const found = labels.find(({ side, token }) => side === hoverSide.value && token === hoverToken.value);
  return found === undefined || found.text === found.whole ? undefined : found.whole;
}

function useHeads({ session, derived, local }: View, rule: string): HeadLines {
  const heads = local.hoverHead.value === null ? headsOnShow(session) : [];
  const focus = derived.focus.value;
  const looks = derived.direction.value;
  return heads.map((each) => {
    const { map } = each;
    const weights = map === null ? null : vectorOfHead(map, focus, looks);
    if (map === null || weights === null) return { ...each, strong: null };
    const one = strongOf(map, weights, looks, rule, derived.scale.value);
    const strong = { reads: null, read_by: null, [looks]: one };
    return { ...each, strong };
  });
}

function partnersOf(strong: Strong, direction: Direction): readonly number[] {
  const kept = strong[direction]?.kept;
  return kept === undefined ? [] : [...kept.tokens, ...kept.sinks];
}

const largerThanMeasured = 13 / 11;

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
