import type { Wish } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { Session } from "../../session/session";
import { textsOf } from "../../session/shown";
import { tokenOf } from "../../session/units";
import type { FlowRequest } from "../../wire/flow";

/** The flow into the query on show. Reads signals. */
export function flowWish({ shown, traits }: Session): Wish<"flow", FlowRequest> | null {
  if (shown.value === null) return null;
  const { part, query, units } = shown.value.frame.header;
  const hidden = traits.look.value.sinks === "show" ? {} : { sinks: "hide" as const };
  const request = { ...textsOf(shown.value), position: tokenOf(units, query[1] - 1), part, ...hidden };
  return { kind: "flow", key: keyOf(request, request.position, part, request.sinks ?? ""), request };
}
