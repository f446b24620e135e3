import { useMemo, useRef, useState } from "preact/hooks";
import { Toggle } from "../../controls/Toggle";
import { Canvas } from "../../display/Canvas";
import { Caption } from "../../display/Caption";
import { useFigure } from "../../display/figures";
import { useWidest } from "../../display/labels";
import { useLastGood } from "../../display/last-good";
import { textMeasurer } from "../../display/measure";
import { Tooltip } from "../../display/Tooltip";
import { ViewGrid } from "../../display/ViewGrid";
import { type Room, useRoom, useView, type View } from "../../display/view";
import { lastOf } from "../../focus/description";
import { shorten, weight } from "../../lib/format";
import { unitsOf } from "../../session/shown";
import { tokenOf } from "../../session/units";
import { cropRoom } from "../../surface/picture/crops";
import { useCrops } from "../../surface/picture/use-crops";
import { AfterOnly } from "../../what-if/AfterOnly";
import type { Flow } from "../../wire/flow";
import { flowFigure, recipeOf } from "./figure";
import { flowWish } from "./flow";
import { type Looking, nodeOf, pointFlow, pressFlow, steerFlow } from "./input";
import {
  type Band,
  type LaneFlow,
  laneFlow,
  moved,
  type Node,
  shareOf,
  thresholds,
  through,
  usualThreshold,
  type Word,
  wordsOf,
} from "./lanes";
import { paintFlow } from "./paint";
import { type FlowFrame, flowFrame, laneY, levelX, placeBands, revealFlow } from "./scene";
import { following, pathInWords, placeOf, queryOf, spoken, takesNearlyAll } from "./words";

const longestLabel = 20;

/** What flows into the query through all layers, from word to word, by rollout. */
export function FlowView() {
  const view = useView();
  const { session, palette } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const [offset, setOffset] = useState(0);
  const [wish, setWish] = useState<number | null>(null);
  const [kept, keep] = useState<{ readonly on: Node | Band; readonly flow: LaneFlow } | null>(null);
  const asked = flowWish(session);
  const answer = session.memory.answer(asked);
  const progress = asked && session.memory.progress(asked.kind, asked.key);
  const { value: whole, late, current } = useLastGood(session, answer.value);
  const words = useWords(view, whole);
  const step = useMemo(
    () => wish ?? (whole === null ? 0 : usualThreshold(whole, words)),
    [wish, whole, words],
  );
  const least = (thresholds[step] ?? 10) / 1000;
  const flow = useMemo(() => (whole === null ? null : laneFlow(whole, words, least)), [whole, words, least]);
  const crops = useCrops(session.shown.value?.frame.header.tokens ?? null);
  const frame = useFrame(flow, room, offset, crops === null ? 0 : cropRoom);
  const bands = useMemo(
    () => (frame === null || flow === null ? [] : placeBands(frame, flow)),
    [frame, flow],
  );
  const on = kept === null || flow === null ? null : moved(kept.on, kept.flow, flow);
  const set = (next: Node | Band | null) => keep(next === null || flow === null ? null : { on: next, flow });
  const looking: Looking = { on: on ?? pointedOut(view, flow), set };
  const node = nodeOf(looking.on);
  const path = usePath(flow, frame, looking.on);
  const measure = useMemo(textMeasurer, []);
  useFigure("stage", ({ palette: colours }) =>
    flow === null || frame === null ? null : flowFigure(flow, frame, least, colours, crops),
  );
  const ready = flow !== null && frame !== null;
  const into = flow === null ? queryOf(session) : (flow.lanes[flow.query]?.name ?? "");
  return (
    <figure class="aw-view">
      <div class="aw-view-head">
        <h3>
          What flows into “<bdi>{shorten(into, 28)}</bdi>”
          <span class="aw-unit">
            {lastOf(session.shown.value?.frame.header.query)}{" "}
            {flow !== null && progress !== null ? following(session, progress) : "all heads of all layers"}
          </span>
        </h3>
        {(flow !== null || answer.problem === null) && (
          <>
            <Toggle
              value="no-sinks"
              text="without sinks"
              title="What a head puts on tokens that soak up attention moves nothing; what is left of each row is divided by its sum"
              pressed={session.traits.look.value.sinks !== "show"}
              onPress={(pressed) => session.setLook({ sinks: pressed ? "hide" : "show" })}
            />
            <label class="aw-threshold">
              {crops === null ? "words" : "patches"} of at least{" "}
              <span class="aw-number">{(least * 100).toFixed(least < 0.01 ? 1 : 0)} %</span>
              <input
                type="range"
                min={0}
                max={thresholds.length - 1}
                value={step}
                onInput={(event) => setWish(event.currentTarget.valueAsNumber)}
              />
            </label>
          </>
        )}
      </div>
      {flow === null ? (
        <p class="aw-view-state">{answer.problem ?? following(session, progress)}</p>
      ) : (
        <p class="aw-flow-path">
          {pathInWords(flow, looking.on)} {looking.on === null && <LikelySink flow={flow} />}
        </p>
      )}
      <ViewGrid
        name="flow"
        label="What flows into the query: words downwards, layers to the right"
        spoken={flow === null ? "" : spoken(flow, node)}
        data={{
          levels: flow?.levels,
          tokens: flow?.all,
          rows: flow?.lanes.length,
          edges: bands.length,
        }}
        busy={late}
        scroller={scroller}
        extent={frame}
        reveal={(token) => {
          const lane = flow?.lanes.findIndex(({ tokens }) => tokens.includes(token)) ?? -1;
          return frame === null || lane < 0 ? null : revealFlow(frame, lane);
        }}
        looked={node === null ? null : (flow?.lanes[node.lane]?.tokens[0] ?? null)}
        onScroll={setOffset}
        onPoint={(event) => ready && current && pointFlow(view, flow, frame, bands, looking, event)}
        onPress={(event) => ready && current && pressFlow(view, flow, frame, bands, event)}
        onSteer={(event) => flow !== null && current && steerFlow(view, flow, looking, event)}
        onLeave={() => set(null)}
        over={ready && <Tip flow={flow} frame={frame} node={on !== null && "lane" in on ? node : null} />}
      >
        {ready && (
          <Canvas
            width={frame.width}
            height={frame.height}
            paint={(brush) =>
              paintFlow(brush, frame, { flow, bands, path, looked: node, measure, crops }, palette.value)
            }
          />
        )}
      </ViewGrid>
      {flow !== null && (
        <Caption problem={late ? answer.problem : null}>
          <AfterOnly />
          {recipeOf(flow, least)}
        </Caption>
      )}
    </figure>
  );
}

/** A way to see the rest, where nearly all rests on one word. */
function LikelySink({ flow }: { readonly flow: LaneFlow }) {
  const { session } = useView();
  const name = takesNearlyAll(flow);
  if (name === null || session.traits.look.value.sinks !== "show") return null;
  return (
    <span class="aw-unit">
      {name} looks like a sink:
      <button type="button" class="aw-next" onClick={() => session.setLook({ sinks: "hide" })}>
        without sinks
      </button>
    </span>
  );
}

/** The words of the text that flows. */
function useWords({ session }: View, flow: Flow | null): readonly Word[] {
  const shown = session.shown.value;
  return useMemo(() => {
    if (flow === null || shown === null) return [];
    const { header } = shown.frame;
    return wordsOf(header, [shown.text, shown.pair], flow.pieces);
  }, [flow, shown?.frame]);
}

function useFrame(
  flow: LaneFlow | null,
  { width, tallest }: Room,
  offset: number,
  beside: number,
): FlowFrame | null {
  const names = useMemo(() => flow?.lanes.map(({ name }) => shorten(name, longestLabel)) ?? [], [flow]);
  const widest = useWidest(names, 12) + beside;
  return useMemo(() => {
    if (flow === null || width === 0) return null;
    const { levels, attending, lanes } = flow;
    const peaks = lanes.map(({ peak }) => peak);
    return flowFrame({ peaks, levels, attending, width, offset, widest, tallest });
  }, [flow, width, tallest, offset, widest]);
}

/** What passes through what is looked at; null where nothing is. */
function usePath(flow: LaneFlow | null, frame: FlowFrame | null, on: Node | Band | null) {
  const named = JSON.stringify(on);
  return useMemo(
    () =>
      flow === null || frame === null || on === null ? null : placeBands(frame, flow, through(flow, on)),
    [flow, frame, named],
  );
}

/** A word that is pointed out elsewhere, as in the text: what begins there. */
function pointedOut({ local, session }: View, flow: LaneFlow | null): Node | null {
  const unit = local.hoverToken.value ?? local.marked.value;
  if (flow === null || unit === null) return null;
  const token = tokenOf(unitsOf(session.shown.value), unit);
  const lane = flow.lanes.findIndex(({ tokens }) => tokens.includes(token));
  return lane < 0 ? null : { level: 0, lane };
}

function Tip({ flow, frame, node }: { flow: LaneFlow; frame: FlowFrame; node: Node | null }) {
  if (node === null) return null;
  return (
    <Tooltip x={levelX(frame, node.level)} y={laneY(frame, node.lane) - 10} width={frame.width}>
      {placeOf(flow, node.level)} · <bdi>{shorten(flow.lanes[node.lane]?.name ?? "", 28)}</bdi>{" "}
      <b class="aw-number">{weight(shareOf(flow, node))}</b>
    </Tooltip>
  );
}
