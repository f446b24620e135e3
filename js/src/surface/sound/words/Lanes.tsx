import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useView, type View } from "../../../display/view";
import { wayMark } from "../../../lib/colour";
import { wordLabels } from "../../../lib/format";
import { tiledMap } from "../../../session/answers/tiles";
import { unitsOf } from "../../../session/shown";
import { watch } from "../../../session/watch";
import type { TimePlace, Tokens } from "../../../wire/types";
import { clear, onceAFrame } from "../../area/painting";
import { look, looksOf, pinIn } from "../../looks";
import { paintBand, paintResting, paintSaid, paintTrack } from "../paint";
import { type Axis, TimeSurface } from "../times";
import { barOf, fullOfLanes } from "./bars";
import { rowsOf, wantedRows } from "./cross-rows";
import { type Lane, lanesOf, saidBy, scrolledTo } from "./lane";

interface Props {
  readonly tokens: Tokens;
  readonly times: readonly (TimePlace | null)[];
  readonly axis: Axis;
  /** Pixels of a lane, and of all that are in sight at most. */
  readonly row: number;
  readonly tallest: number;
  /** The time that is heard, where the sound plays. */
  readonly heard: number | null;
}

/** The field that the words are written in. */
const field = 1;

/** What every word reads of the sound, a bar of heat each, on one time. */
export function Lanes({ tokens, times, axis, row, tallest, heard }: Props) {
  const view = useView();
  const { session, local } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const bars = useRef<HTMLCanvasElement>(null);
  const tints = useRef<HTMLCanvasElement>(null);
  const pinned = useComputed(() => looksOf(view, field).pinned.join()).value;
  const shown = session.shown.value;
  const query = pinned.split(",").map(Number) as [number, number];
  const lanes = useMemo(
    () =>
      lanesOf(
        tokens,
        wordLabels(tokens, 14),
        query,
        saidBy(shown?.frame.header.spoken, unitsOf(shown, "reads")),
      ),
    [tokens, pinned, shown],
  );
  const same = JSON.stringify(times);
  const surface = useMemo(() => new TimeSurface(times, { ...axis, left: 0 }, row - 4), [same, axis, row]);
  const most = Math.max(3, Math.floor(tallest / row));
  // Half a lane tells that there are more.
  const height = lanes.length <= most ? lanes.length * row : (most - 0.5) * row;
  useRows(tokens);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const most = query[1] > query[0] ? null : mostIn(looksOf(view, field).heat?.tones, lanes);
    const place = lanes.findIndex(({ token }) => token === most || (token >= query[0] && token < query[1]));
    element.scrollTop = scrolledTo(place, row, element.scrollTop, height);
  }, [pinned, shown, lanes.length, row, height]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null || bars.current === null || tints.current === null || height === 0) return;
    const life = new AbortController();
    const canvases = { scroller: element, bars: bars.current, tints: tints.current };
    keepPainted(view, { lanes, surface, left: axis.left, row, height }, canvases, life.signal);
    return () => life.abort();
  }, [view, lanes, surface, row, height]);
  if (lanes.length === 0) return null;
  return (
    <div ref={scroller} class="aw-lanes" style={{ height: `${height}px` }}>
      <div
        style={{ height: `${lanes.length * row}px` }}
        role="group"
        aria-label="What each word reads of the sound"
      >
        <div class="aw-lanes-sight" style={{ height: `${height}px`, marginBottom: `${-height}px` }}>
          <canvas ref={tints} style={{ width: `${axis.left}px` }} aria-hidden="true" />
          <canvas
            ref={bars}
            style={{ left: `${axis.left}px`, width: `${axis.width}px` }}
            aria-hidden="true"
          />
        </div>
        {lanes.map(({ token, label, said }, place) => (
          <button
            key={token}
            type="button"
            class="aw-lane"
            style={{ top: `${place * row}px`, height: `${row}px`, "--aw-gutter": `${axis.left}px` }}
            data-token={token}
            data-heard={(heard !== null && said !== null && heard >= said[0] && heard < said[1]) || undefined}
            aria-pressed={token >= query[0] && token < query[1]}
            title="What it reads of the sound. Click to make it the query."
            onClick={() => pinIn(view, field, [token, token + 1])}
            onPointerEnter={() => look(view, field, token)}
            onPointerLeave={() => {
              if (local.hoverToken.peek() === token) look(view, field, null);
            }}
          >
            <bdi>{label}</bdi>
          </button>
        ))}
      </div>
    </div>
  );
}

/** The word that reads a time most; null where none does. */
function mostIn(tones: Float32Array | undefined, lanes: readonly Lane[]): number | null {
  if (tones === undefined) return null;
  const toneOf = ({ token }: Lane) => tones[token] ?? 0;
  const [first, ...others] = lanes;
  if (first === undefined) return null;
  const most = others.reduce((best, lane) => (toneOf(lane) > toneOf(best) ? lane : best), first);
  return toneOf(most) > 0 ? most.token : null;
}

/** Asks for the rows of all words, where the map has fewer cells than that. */
function useRows(tokens: Tokens): void {
  const { session, derived, local } = useView();
  useEffect(() => {
    const life = new AbortController();
    watch(session, life.signal, () => {
      session.tiles.revision();
      const map = derived.map.value;
      const tiled = tiledMap(session.shown.value, map);
      if (map === null || tiled === null || map.pooling === 1 || local.hoverHead.value !== null) return;
      if (session.outdated.value) return;
      // A matrix asks by itself: neither puts the other off.
      const asker = `${local.asker}.words`;
      const region = wantedRows(map, [0, tokens.pieces.length]);
      const timer = setTimeout(() => void session.tiles.want("tile", tiled, region, asker), 30);
      return () => clearTimeout(timer);
    });
    return () => life.abort();
  }, [session, derived, local, tokens]);
}

interface Laid {
  readonly lanes: readonly Lane[];
  readonly surface: TimeSurface;
  /** Pixels of the words before the bars. */
  readonly left: number;
  readonly row: number;
  readonly height: number;
}

interface Canvases {
  readonly scroller: HTMLElement;
  readonly bars: HTMLCanvasElement;
  readonly tints: HTMLCanvasElement;
}

/** The bars when the map is another one, the tints of the words when the pointer moves: at most once a frame, what is in sight. */
function keepPainted(
  view: View,
  { lanes, surface, left, row, height }: Laid,
  { scroller, bars, tints }: Canvases,
  signal: AbortSignal,
): void {
  const { session, environment, palette, derived } = view;
  const [over, under] = [bars.getContext("2d"), tints.getContext("2d")];
  if (over === null || under === null) return;
  let [barred, tinted] = [false, false];
  const inSight = () => {
    const first = Math.max(0, Math.floor(scroller.scrollTop / row));
    return lanes
      .slice(first, Math.ceil((scroller.scrollTop + height) / row))
      .map((lane, place) => ({ lane, y: (first + place) * row - scroller.scrollTop }));
  };
  const paintBars = () => {
    const ratio = environment.ratio.peek();
    clear(over, { width: surface.axis.width, height }, ratio);
    const map = derived.map.peek();
    if (map === null || map.square) return;
    const colours = palette.peek();
    const rows = rowsOf(map, tiledMap(session.shown.peek(), map), session.tiles);
    const full = fullOfLanes(map, lanes, rows, derived.scale.peek());
    for (const { lane, y } of inSight()) {
      const inside = { x: 0, y: y + 2, width: surface.axis.width, height: row - 4 };
      paintTrack(over, inside, colours.text);
      const weights = rows(lane.token);
      if (weights !== null) {
        const { bands, resting } = barOf(weights, map, full, derived.filter.peek(), surface, ratio, inside.y);
        for (const { way, tones } of bands)
          paintBand(
            over,
            inside,
            { colour: way === null ? colours.reads.mark : wayMark(colours, way), tones },
            ratio,
          );
        paintResting(over, resting, colours.reads.strong);
      }
      if (lane.said !== null)
        paintSaid(over, { ...surface.stretch(lane.said), y: inside.y }, colours.reads.strong);
    }
  };
  const paintTints = () => {
    clear(under, { width: left, height }, environment.ratio.peek());
    const looks = looksOf(view, field);
    if (looks.heat === null || looks.direction !== "read_by") return;
    under.fillStyle = palette.peek().readBy.mark;
    for (const { lane, y } of inSight()) {
      under.globalAlpha = 0.75 * (looks.heat.tones[lane.token] ?? 0);
      under.fillRect(0, y + 1, left - 4, row - 2);
    }
    under.globalAlpha = 1;
  };
  const paint = () => {
    if (barred) paintBars();
    if (tinted) paintTints();
    [barred, tinted] = [false, false];
  };
  const soon = onceAFrame(session, signal, paint);
  watch(session, signal, () => {
    palette.value;
    environment.ratio.value;
    derived.map.value;
    derived.scale.value;
    derived.filter.value;
    session.tiles.revision();
    barred = tinted = true;
    soon();
  });
  watch(session, signal, () => {
    looksOf(view, field);
    tinted = true;
    soon();
  });
  scroller.addEventListener(
    "scroll",
    () => {
      barred = tinted = true;
      soon();
    },
    { signal, passive: true },
  );
}
