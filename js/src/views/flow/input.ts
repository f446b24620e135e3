import { pointIn, steerBy } from "../../display/steering";
import { clearHover, type View } from "../../display/view";
import { unitsOf } from "../../session/shown";
import { toUnits } from "../../session/units";
import { type FlowFrame, flowHit, type Node } from "./scene";
import type { SparseFlow } from "./sparse-flow";

/** What the view keeps of where one looks. */
export interface Looking {
  readonly node: Node | null;
  readonly set: (node: Node | null) => void;
}

/** What stands for a row's token in the text, where words are shown. */
function unitOf(session: View["session"], { places }: SparseFlow, row: number): number {
  const token = places[row] ?? 0;
  return toUnits(unitsOf(session.shown.peek()), [token, token + 1])[0];
}

function under(frame: FlowFrame, event: MouseEvent) {
  const { x, y } = pointIn(event);
  return flowHit(frame, x, y);
}

export function pointFlow(
  { local, session }: View,
  flow: SparseFlow,
  frame: FlowFrame,
  looking: Looking,
  event: PointerEvent,
): void {
  const hit = under(frame, event);
  local.marked.value =
    hit === null ? null : unitOf(session, flow, hit.kind === "label" ? hit.token : hit.node.token);
  looking.set(hit?.kind === "node" ? hit.node : hit === null ? null : { level: 0, token: hit.token });
}

/** A click looks from that token: what flows into its own output. */
export function pressFlow({ session }: View, flow: SparseFlow, frame: FlowFrame, event: MouseEvent): void {
  const hit = under(frame, event);
  if (hit === null) return;
  pin(session, flow, hit.kind === "label" ? hit.token : hit.node.token);
}

function pin(session: View["session"], { places }: SparseFlow, row: number): void {
  const token = places[row];
  if (token !== undefined) session.pinTokens([token, token + 1]);
}

export function steerFlow(view: View, flow: SparseFlow, looking: Looking, event: KeyboardEvent): void {
  const last = { level: flow.levels - 1, token: flow.pieces.length - 1 };
  const { level, token } = looking.node ?? { level: last.level, token: flow.query };
  const look = (node: Node) => () => {
    looking.set(node);
    view.local.marked.value = unitOf(view.session, flow, node.token);
  };
  steerBy(view, event, {
    ArrowUp: look({ level, token: Math.max(0, token - 1) }),
    ArrowDown: look({ level, token: Math.min(last.token, token + 1) }),
    ArrowLeft: look({ level: Math.max(0, level - 1), token }),
    ArrowRight: look({ level: Math.min(last.level, level + 1), token }),
    Home: look({ level: 0, token }),
    End: look({ level: last.level, token }),
    Enter: () => pin(view.session, flow, token),
    " ": () => pin(view.session, flow, token),
    Escape: () => {
      looking.set(null);
      clearHover(view);
    },
  });
}
