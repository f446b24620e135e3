import type { View } from "../../display/view";
import { follow } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { Session } from "../../session/session";
import { textsOf } from "../../session/shown";
import { tokenOf } from "../../session/units";
import type { Flow, FlowRequest } from "../../wire/flow";

function flowKey(request: FlowRequest): string {
  return keyOf(request, request.position, request.part);
}

/** What would be asked for the query on show. Reads signals. */
function flowRequest(session: Session): FlowRequest | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { part, query, units } = shown.frame.header;
  return { ...textsOf(shown), position: tokenOf(units, query[1] - 1), part };
}

/** The flow into the query on show, once it is known. Reads signals. */
export function flowAt(session: Session): Flow | undefined {
  const request = flowRequest(session);
  return request === null ? undefined : session.memory.get<Flow>("flow", flowKey(request));
}

/** Why it cannot be had. Reads signals. */
export function flowProblem(session: Session): string | null {
  const request = flowRequest(session);
  return request === null ? null : session.memory.problem("flow", flowKey(request));
}

/** Asks for the flow into the query, while flows are looked at. */
export function followFlow({ session, abort }: View): void {
  follow(session, abort, () => {
    const request = session.traits.view.value === "flow" ? flowRequest(session) : null;
    return request === null ? [] : [{ kind: "flow", key: flowKey(request), request }];
  });
}
