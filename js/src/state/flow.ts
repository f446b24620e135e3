import type { FlowRequest } from "../wire/flow";
import type { Session } from "./session";
import { textsOf } from "./shown";
import { tokenOf } from "./units";
import { watch } from "./watch";

export function flowKey({ text, pair, position, part }: FlowRequest): string {
  return JSON.stringify([position, part, text, pair]);
}

/** What would be asked for the query on show. Reads signals. */
export function flowRequest(session: Session): FlowRequest | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { part, query, units } = shown.frame.header;
  return { ...textsOf(shown), position: tokenOf(units, query[1] - 1), part };
}

/** Asks for the flow into the query, while flows are looked at. */
export function followFlow(session: Session, abort: AbortSignal): void {
  watch(session, abort, () => {
    if (session.traits.view.value !== "flow" || session.closed.value) return;
    const request = flowRequest(session);
    if (request !== null && !session.flows.known.has(flowKey(request))) void session.flows.ask(request);
  });
}
