import { pointIn, steerBy } from "../../display/steering";
import { clearHover, type View } from "../../display/view";
import type { Edge, Named } from "../../focus/pointer";
import { unitsOf } from "../../session/shown";
import { unitOf } from "../../session/units";
import type { Band, LaneFlow, Node } from "./lanes";
import { type FlowFrame, flowHit, type PlacedBand } from "./scene";

/** What the view keeps of where one looks. */
export interface Looking {
  readonly on: Node | Band | null;
  readonly set: (on: Node | Band | null) => void;
}

/** What stands for a lane in the text: its first token, where words are shown its word. */
function unitIn(session: View["session"], flow: LaneFlow, lane: number): number | null {
  const each = flow.lanes[lane];
  const token = each?.rest ? undefined : each?.tokens[0];
  return token === undefined ? null : unitOf(unitsOf(session.shown.peek()), token);
}

export function pointFlow(
  { local, session }: View,
  flow: LaneFlow,
  frame: FlowFrame,
  bands: readonly PlacedBand[],
  { on, set }: Looking,
  event: PointerEvent,
): void {
  const { x, y } = pointIn(event);
  const hit = flowHit(frame, flow, bands, x, y);
  const lane = hit === null ? null : "lane" in hit ? hit.lane : hit.source;
  local.marked.value = lane === null ? null : unitIn(session, flow, lane);
  local.edge.value = hit === null || "lane" in hit ? null : edgeOf(flow, hit);
  if (JSON.stringify(hit) !== JSON.stringify(on)) set(hit);
}

/** A band as what one layer carries; null where the rest of the text is at one of its ends. */
function edgeOf(flow: LaneFlow, { level, source, target }: Band): Edge | null {
  const [query, key] = [target, source].map((lane) => namedIn(flow, lane));
  const layer = flow.attending[level];
  return query == null || key == null || layer === undefined ? null : { layer, query, key };
}

function namedIn({ lanes }: LaneFlow, lane: number): Named | null {
  const each = lanes[lane];
  const [first, last] = [each?.tokens[0], each?.tokens.at(-1)];
  if (each === undefined || each.rest || first === undefined || last === undefined) return null;
  return { tokens: [first, last + 1], name: each.name };
}

/** A click looks from that word: what flows into its own output. */
export function pressFlow(
  { session }: View,
  flow: LaneFlow,
  frame: FlowFrame,
  bands: readonly PlacedBand[],
  event: MouseEvent,
): void {
  const { x, y } = pointIn(event);
  const hit = flowHit(frame, flow, bands, x, y);
  if (hit !== null) pin(session, flow, "lane" in hit ? hit.lane : hit.source);
}

function pin(session: View["session"], flow: LaneFlow, lane: number): void {
  const each = flow.lanes[lane];
  const [first, last] = [each?.tokens[0], each?.tokens.at(-1)];
  if (first !== undefined && last !== undefined && each?.rest === false) session.pinTokens([first, last + 1]);
}

export function steerFlow(view: View, flow: LaneFlow, { on, set }: Looking, event: KeyboardEvent): void {
  const last = { level: flow.levels - 1, lane: flow.lanes.length - 1 };
  const { level, lane } = nodeOf(on) ?? { level: last.level, lane: flow.query };
  const look = (node: Node) => () => {
    set(node);
    view.local.marked.value = unitIn(view.session, flow, node.lane);
  };
  steerBy(view, event, {
    ArrowUp: look({ level, lane: Math.max(0, lane - 1) }),
    ArrowDown: look({ level, lane: Math.min(last.lane, lane + 1) }),
    ArrowLeft: look({ level: Math.max(0, level - 1), lane }),
    ArrowRight: look({ level: Math.min(last.level, level + 1), lane }),
    Home: look({ level: 0, lane }),
    End: look({ level: last.level, lane }),
    Enter: () => pin(view.session, flow, lane),
    " ": () => pin(view.session, flow, lane),
    Escape: () => {
      set(null);
      clearHover(view);
    },
  });
}

/** Keys go from where a band begins. */
export function nodeOf(on: Node | Band | null): Node | null {
  return on === null || "lane" in on ? on : { level: on.level, lane: on.source };
}
