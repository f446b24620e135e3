import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { useFigure } from "../../display/figures";
import { useGuard } from "../../display/guard";
import { textMeasurer, useMeasure } from "../../display/measure";
import { pointIn } from "../../display/steering";
import { ViewGrid } from "../../display/ViewGrid";
import { type Room, useRoom, useView, type View } from "../../display/view";
import { keepOf } from "../../focus/kept";
import { cellIn, type MapOnShow, peakOf, sinksOf } from "../../focus/maps";
import type { Local } from "../../focus/pointer";
import { tone } from "../../lib/colour";
import { pieceLabel, shortLabel } from "../../lib/format";
import { filterText, readFilter } from "../../session/filter";
import { sideOf } from "../../session/places";
import { cropRoom } from "../../surface/picture/crops";
import { useCrops } from "../../surface/picture/use-crops";
import type { Direction } from "../../wire/types";
import { LinesCaption } from "./Caption";
import { type Columns, useColumns } from "./columns";
import { linesFigure } from "./figure";
import { HeadLegend } from "./HeadLegend";
import { type HeadOnShow, headsOnShow, vectorOfHead } from "./head-lines";
import { type Point, pointLines, pressLines, steerLines } from "./input";
import { lineEnds, lineMarks } from "./labels";
import { type PlacedLineEnd, placeLineEnds } from "./labels-scene";
import { linesFilter, linesOf } from "./lines";
import { lineLabelFont, paintFaint, paintLineLabels, paintRim, paintStrong, rimFont } from "./paint";
import { curvesOf, endsOf, faintOf, fullOf, type HeadLines, type LayLines, type Strong } from "./picture";
import { type Looked, rimMarks, tracksOf } from "./rim-scene";
import { type Curve, type LinesFrame, lineMiddle, linesFrame, revealLine, strongestPlace } from "./scene";
import { spoken } from "./words";

/** The map on show as lines: queries on the left, keys on the right. */
export function LinesView() {
  const view = useView();
  const { derived, local, palette } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const columns = useColumns();
  const { offsets } = columns;
  const point = useRef<Point>({ x: 0, y: 0 });
  const keep = linesFilter(derived.filter.value);
  const map = derived.map.value;
  const lay = useLay(view, map, room);
  const frame = useMemo(() => (lay === null ? null : lay(offsets)), [lay, offsets]);
  const rule = filterText(keep);
  const long = frame?.long === true;
  const leads = leadingIn(view, map, long);
  const strong = useStrong(view, map, rule, long ? leads : null);
  // Of a long text only the lines of what is looked at are drawn.
  const lines = useMemo(
    () => (map === null || long ? null : linesOf(map, readFilter(rule))),
    [map, rule, long],
  );
  const heads = useHeads(view, rule, leads);
  const full = derived.full.value;
  const faint = useMemo(() => faintOf(map, frame, lines, full), [map, frame, lines, full]);
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
  // Of two texts only one is pictured, and names alone stand on both sides.
  const crops = useCrops(map?.square === false ? null : derived.tokens.value);
  const ready = map !== null && frame !== null && strong !== null;
  const curves = ready ? curvesOf(strong, heads, frame, derived.focus.value, colours) : [];
  const labels = useLabels(view, ready ? frame : null, strong, crops === null ? 0 : cropRoom);
  const looked = useLooked(view, strong, heads, leads);
  const rim = useRim(view, ready ? frame : null, looked, strong?.[leads]?.full ?? 1);
  useFollow(view, columns, lay, looked);
  useFigure("stage", (look) =>
    ready && lay !== null
      ? linesFigure(view, { map, lay, lines, strong, heads, keep, leads, offsets, crops, ...rim }, look)
      : null,
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
        extent={frame === null ? null : { height: frame.height, full: frame.height }}
        reveal={() => null}
        looked={null}
        title={shortened(labels, local)}
        told={{ labels: () => labels, rim: () => rim.marks }}
        onScroll={() => {}}
        onPoint={(event) => {
          point.current = pointIn(event);
          if (frame !== null) pointLines(view, frame, columns, point.current);
        }}
        onPress={(event) => frame !== null && pressLines(view, frame, columns, rim.marks, event)}
        onSteer={(event) =>
          steerLines(
            view,
            columns,
            strong === null ? [] : partnersOf(strong, view.derived.direction.value),
            event,
          )
        }
        onLeave={() => {
          columns.over = null;
        }}
      >
        {ground}
        {ready && (
          <Canvas
            width={frame.width}
            height={frame.height}
            paint={(brush) => {
              paintStrong(brush, frame, curves, pointedCurve(view, map, frame), colours);
              paintLineLabels(brush, frame, labels, derived.direction.peek(), colours, crops);
              paintRim(brush, rim.marks, rim.tracks, leads, colours);
            }}
          />
        )}
        {ready &&
          long &&
          (["query", "key"] as const).map((side) => (
            <div
              key={side}
              ref={columns.element[side]}
              class="aw-lines-column"
              data-side={side}
              tabIndex={-1}
              style={{ width: `${frame.left}px`, height: `${frame.height}px` }}
              onScroll={(event) => {
                const top = event.currentTarget.scrollTop;
                const byHand = columns.heard(side, top);
                // What is under the pointer has changed, though the pointer has not moved.
                if (byHand && lay !== null && columns.over === side)
                  pointLines(view, lay({ ...columns.offsets, [side]: top }), columns, point.current);
              }}
            >
              <div style={{ height: `${frame.columns[side].full}px` }} />
            </div>
          ))}
      </ViewGrid>
      {ready && (
        <LinesCaption
          map={map}
          strong={strong}
          leads={leads}
          keep={keep}
          several={heads.length > 0}
          full={fullOf(strong, heads, leads)}
          faint={faint}
        />
      )}
    </figure>
  );
}

/** The pinned query has its lines in the chosen direction; a token under the pointer both ways, but of a long text `alone` one. */
function useStrong(
  { derived, local }: View,
  map: MapOnShow | null,
  rule: string,
  alone: Direction | null,
): Strong | null {
  const row = derived.row.value;
  const column = derived.column.value;
  const both = alone === null && local.hoverToken.value !== null && local.cell.value === null;
  const looks = alone ?? derived.direction.value;
  const full = derived.full.value;
  return useMemo(() => {
    if (map === null) return null;
    const of = (weights: Float32Array | null, direction: Direction) =>
      weights === null || (!both && direction !== looks)
        ? null
        : strongOf(map, weights, direction, rule, full);
    return { reads: of(row, "reads"), read_by: of(column, "read_by") };
  }, [map, row, column, both, looks, rule, full]);
}

function strongOf(map: MapOnShow, weights: Float32Array, direction: Direction, rule: string, full: number) {
  const kept = keepOf(weights, sinksOf(map, direction), readFilter(rule));
  return { weights, kept, full, signed: map.signed };
}

/** Which way the lines go that lead: of a long text from the side under the pointer, else as the map is looked at. */
function leadingIn({ derived, local }: View, map: MapOnShow | null, long: boolean): Direction {
  const side = local.hoverSide.value;
  if (!long || map?.square !== true || local.hoverToken.value === null || side === null)
    return derived.direction.value;
  return side === "query" ? "reads" : "read_by";
}

/** What is looked at, and where its leading lines end. */
function useLooked(
  { derived }: View,
  strong: Strong | null,
  heads: HeadLines,
  leads: Direction,
): Looked | null {
  const one = strong?.[leads] ?? null;
  if (strong === null || one === null) return null;
  const [start, stop] = derived.focus.value;
  const pieces = (leads === "reads" ? derived.tokens : derived.keys).value?.pieces;
  return {
    side: sideOf(leads),
    focus: [start, stop],
    name: shortLabel(pieces?.[Math.floor((start + stop - 1) / 2)], 12),
    ...endsOf(strong, heads, leads),
    weights: one.weights,
    certain: derived.certain.value,
  };
}

function useRim({ palette }: View, frame: LinesFrame | null, looked: Looked | null, full: number) {
  const measure = useMemo(textMeasurer, []);
  if (frame === null || looked === null || !frame.long) return { marks: [], tracks: [] };
  const { font } = palette.value;
  return {
    marks: rimMarks(frame, looked, (text) => measure(text, `${rimFont} ${font}`)),
    tracks: tracksOf(frame, looked, (amount) => tone(amount, full)),
  };
}

/** In milliseconds: a pointer that passes by moves nothing. */
const rest = 120;

/** Both sides go to what is looked at and to its strongest ends, the one under the pointer never. */
function useFollow(
  { derived, local }: View,
  columns: Columns,
  lay: LayLines | null,
  looked: Looked | null,
): void {
  const guard = useGuard();
  const shown = useRef("");
  const map = derived.map.value;
  const pinned = `${map?.query} ${map?.direction} ${map?.layer} ${map?.head}`;
  const cell = local.cell.value;
  const [start = 0, stop = 1] = looked?.focus ?? [];
  useLayoutEffect(() => columns.release(), [columns, pinned]);
  useLayoutEffect(() => {
    if (lay === null || looked === null) return;
    const follow = (how: "at once" | "gently") => {
      const frame = lay(columns.offsets);
      const other = looked.side === "query" ? "key" : "query";
      const own = revealLine(frame, looked.side, Math.floor((start + stop - 1) / 2));
      const beside = own ?? frame.columns[looked.side].offset;
      const ends =
        cell === null
          ? strongestPlace(frame, other, looked.tokens, looked.weights, beside)
          : revealLine(frame, other, other === "key" ? cell.key : cell.query);
      const goals = { [looked.side]: own ?? undefined, [other]: ends ?? undefined };
      columns.follow(goals, how);
    };
    const tokens = `${map?.queries} ${map?.keys}`;
    if (shown.current !== tokens) {
      shown.current = tokens;
      return follow("at once");
    }
    const timer = setTimeout(guard(follow), rest, "gently");
    return () => clearTimeout(timer);
  }, [lay, start, stop, looked?.side, looked?.weights, cell]);
}

/** The tokens on both sides, where they are written. */
function useLabels(
  { derived, local, palette }: View,
  frame: LinesFrame | null,
  strong: Strong | null,
  beside: number,
) {
  const measure = useMemo(textMeasurer, []);
  if (frame === null || strong === null) return [];
  const { font } = palette.value;
  const ends = lineEnds(derived, frame, strong, lineMarks(derived, local.marked.value));
  return placeLineEnds(
    frame,
    ends,
    (text, strong) => measure(text, `${lineLabelFont(frame, strong)} ${font}`),
    beside,
  );
}

/** The word under the pointer, where there is no room for it. */
function shortened(labels: readonly PlacedLineEnd[], { hoverToken, hoverSide }: Local): string | undefined {
  const found = labels.find(({ side, token }) => side === hoverSide.value && token === hoverToken.value);
  return found === undefined || found.text === found.whole ? undefined : found.whole;
}

/** They are shown together: one scale for all, stretched to the largest of the pinned query in any of them. Reads signals. */
function fullOfHeads(
  { map: shown, scale, full }: View["derived"],
  heads: readonly HeadOnShow[],
  leads: Direction,
) {
  const pinned = shown.value?.query;
  if (scale.value !== "stretch" || pinned === undefined) return full.value;
  const peaks = heads.map(({ map }) => {
    const weights = map === null ? null : vectorOfHead(map, pinned, leads);
    return map === null || weights === null ? 0 : peakOf(weights, sinksOf(map, leads));
  });
  return Math.max(0, ...peaks) || full.value;
}

function useHeads({ session, derived, local }: View, rule: string, leads: Direction): HeadLines {
  const heads = local.hoverHead.value === null ? headsOnShow(session) : [];
  const focus = derived.focus.value;
  const full = fullOfHeads(derived, heads, leads);
  return heads.map((each) => {
    const { map } = each;
    const weights = map === null ? null : vectorOfHead(map, focus, leads);
    if (map === null || weights === null) return { ...each, strong: null };
    const one = strongOf(map, weights, leads, rule, full);
    const strong = { reads: null, read_by: null, [leads]: one };
    return { ...each, strong };
  });
}

function partnersOf(strong: Strong, direction: Direction): readonly number[] {
  const kept = strong[direction]?.kept;
  return kept === undefined ? [] : [...kept.tokens, ...kept.sinks];
}

const largerThanMeasured = 13 / 11;

function useLay(view: View, map: MapOnShow | null, { width, tallest }: Room): LayLines | null {
  const { tokens, keys: read } = view.derived;
  const measure = useMeasure(view.palette.value.font);
  const beside = (tokens.value?.places ?? tokens.value?.placeholders) === undefined ? 0 : cropRoom;
  const widest = useMemo(() => {
    const pieces = new Set([...(tokens.value?.pieces ?? []), ...(read.value?.pieces ?? [])]);
    const widths = Array.from(pieces, (piece) => measure(pieceLabel(piece)));
    return Math.max(24, ...widths) * largerThanMeasured + beside;
  }, [tokens.value, read.value, measure, beside]);
  const [queries, keys] = [map?.queries ?? 0, map?.keys ?? 0];
  return useMemo(() => {
    if (queries === 0 || keys === 0 || width === 0) return null;
    return (offsets) =>
      linesFrame({ queries, keys, width, offsets, widest, ...(tallest === undefined ? {} : { tallest }) });
  }, [queries, keys, width, tallest, widest]);
}

function pointedCurve({ local }: View, map: MapOnShow, frame: LinesFrame): Curve | null {
  const cell = cellIn(map, local.cell.value);
  if (cell === null) return null;
  const from = lineMiddle(frame, "query", [cell.query, cell.query + 1]);
  const to = lineMiddle(frame, "key", [cell.key, cell.key + 1]);
  return { from, to, tone: 1, kind: "key", direction: map.direction };
}
