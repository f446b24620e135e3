import { useMemo, useRef, useState } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { Caption } from "../../display/Caption";
import { useFigure } from "../../display/figures";
import { useLabels, useWidest } from "../../display/labels";
import { useLastGood } from "../../display/last-good";
import { Tooltip } from "../../display/Tooltip";
import { ViewGrid } from "../../display/ViewGrid";
import { type Room, useRoom, useView } from "../../display/view";
import { count, shortLabel, weight } from "../../lib/format";
import type { Flow } from "../../wire/flow";
import { flowFigure, flowLegend, rowsNote } from "./figure";
import { flowWish } from "./flow";
import { type Looking, pointFlow, pressFlow, steerFlow } from "./input";
import { paintFlow } from "./paint";
import { type FlowFrame, flowCurves, flowFrame, levelX, type Node, revealFlow, tokenY } from "./scene";
import { type SparseFlow, sparseFlow } from "./sparse-flow";
import { placeOf, spoken } from "./words";

const longestLabel = 14;
const budget = 1500;

/** Of the whole, in parts of a thousand: the steps of the slider. */
const steps = [2, 5, 10, 20, 50, 100, 200] as const;

/** What flows into the query through all layers, edge by edge, by rollout. */
export function FlowView() {
  const view = useView();
  const { session, local, palette } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const [offset, setOffset] = useState(0);
  const [step, setStep] = useState(2);
  const [node, set] = useState<Node | null>(null);
  const answer = session.memory.answer(flowWish(session));
  const { value: whole, late, current } = useLastGood(session, answer.value);
  const least = (steps[step] ?? 10) / 1000;
  const flow = useMemo(() => (whole === null ? null : sparseFlow(whole, least)), [whole, least]);
  const names = useLabels(flow?.pieces, longestLabel);
  const frame = useFrame(flow, names, room, offset);
  const drawn = useMemo(
    () =>
      frame === null || flow === null ? { curves: [], passing: 0 } : flowCurves(frame, flow, least, budget),
    [frame, flow, least],
  );
  const looking: Looking = { node: inside(flow, node), set };
  useFigure("stage", ({ palette: colours }) =>
    flow === null || frame === null ? null : flowFigure(flow, frame, names, least, colours),
  );
  const ready = flow !== null && frame !== null;
  return (
    <figure class="aw-view">
      <div class="aw-view-head">
        <h3>
          {flow !== null && (
            <>
              What flows into “<bdi>{shortLabel(flow.pieces[flow.query], 28)}</bdi>”
            </>
          )}
        </h3>
        <label class="aw-threshold">
          edges of at least <span class="aw-number">{(least * 100).toFixed(least < 0.01 ? 1 : 0)} %</span>
          <input
            type="range"
            min={0}
            max={steps.length - 1}
            value={step}
            onInput={(event) => setStep(event.currentTarget.valueAsNumber)}
          />
        </label>
      </div>
      <ViewGrid
        name="flow"
        label="What flows into the query: tokens downwards, layers to the right"
        spoken={flow === null ? "" : spoken(flow, looking.node)}
        data={{
          levels: flow?.levels,
          tokens: flow?.all,
          rows: flow?.places.length,
          edges: drawn.curves.length,
        }}
        busy={late}
        scroller={scroller}
        extent={frame}
        reveal={(token) => {
          const row = flow?.places.indexOf(token) ?? -1;
          return frame === null || row < 0 ? null : revealFlow(frame, row);
        }}
        looked={looking.node === null ? null : (flow?.places[looking.node.token] ?? null)}
        onScroll={setOffset}
        onPoint={(event) => ready && current && pointFlow(view, flow, frame, looking, event)}
        onPress={(event) => ready && current && pressFlow(view, flow, frame, event)}
        onSteer={(event) => flow !== null && current && steerFlow(view, flow, looking, event)}
        onLeave={() => set(null)}
        over={ready && <Tip flow={flow} frame={frame} node={looking.node} />}
      >
        {ready && (
          <Canvas
            width={frame.width}
            height={frame.height}
            paint={(brush) =>
              paintFlow(
                brush,
                frame,
                {
                  names,
                  curves: drawn.curves,
                  reached: (level, token) => flow.reached[level * flow.pieces.length + token] ?? 0,
                  query: flow.query,
                  looked: looking.node,
                  marked: rowOf(flow, local.marked.value),
                },
                palette.value,
              )
            }
          />
        )}
      </ViewGrid>
      {flow === null && <p class="aw-view-state">{answer.problem ?? "Following the flow…"}</p>}
      {flow !== null && (
        <FlowCaption flow={flow} drawn={drawn} least={least} problem={late ? answer.problem : null} />
      )}
    </figure>
  );
}

function useFrame(
  flow: Flow | null,
  names: readonly string[],
  { width, tallest }: Room,
  offset: number,
): FlowFrame | null {
  const widest = useWidest(names, 12);
  return useMemo(() => {
    if (flow === null || width === 0) return null;
    const { levels, attending } = flow;
    return flowFrame({ count: flow.pieces.length, levels, attending, width, offset, widest, tallest });
  }, [flow, width, tallest, offset, widest]);
}

function inside(flow: Flow | null, node: Node | null): Node | null {
  return flow !== null && node !== null && node.level < flow.levels && node.token < flow.pieces.length
    ? node
    : null;
}

function rowOf(flow: SparseFlow, token: number | null): number | null {
  const row = token === null ? -1 : flow.places.indexOf(token);
  return row < 0 ? null : row;
}

function Tip({ flow, frame, node }: { flow: Flow; frame: FlowFrame; node: Node | null }) {
  if (node === null) return null;
  const x = levelX(frame, node.level);
  const share = flow.reached[node.level * flow.pieces.length + node.token] ?? 0;
  return (
    <Tooltip x={x} y={tokenY(frame, node.token) - 10} width={frame.width}>
      {placeOf(flow, node.level)} · <bdi>{shortLabel(flow.pieces[node.token], 28)}</bdi>{" "}
      <b class="aw-number">{weight(share)}</b>
    </Tooltip>
  );
}

interface CaptionProps {
  readonly flow: SparseFlow;
  readonly drawn: { readonly curves: readonly unknown[]; readonly passing: number };
  readonly least: number;
  readonly problem: string | null;
}

function FlowCaption({ flow, drawn, least, problem }: CaptionProps) {
  const lowest = Math.min(1, ...flow.kept);
  const shown = count(drawn.curves.length, "edge");
  const faint = flow.shares.some((share) => share >= least) ? "" : ", none that strong";
  return (
    <Caption problem={problem}>
      {flow.recipe} · {shown} shown{faint}
      {drawn.passing > drawn.curves.length && ` of ${drawn.passing.toLocaleString("en")}`}
      {lowest < 0.995 &&
        ` · only the strongest edges of each layer are known, which carry ${weight(lowest)} of it or more`}
      {rowsNote(flow)}
      {` · ${flowLegend}`}
    </Caption>
  );
}
