import type { View } from "../../display/view";
import { follow } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { HeadRef } from "../../session/places";
import type { Session } from "../../session/session";
import { textsOf } from "../../session/shown";
import type { CompareRequest, Difference } from "../../wire/difference";

function differenceKey(session: Session, request: CompareRequest): string {
  const { against, layer, head, part } = request;
  return keyOf(request, session.heldName(against), layer, head, part);
}

/** What became of a head, once it is known. Reads signals. */
export function differenceAt(session: Session, request: CompareRequest | null): Difference | undefined {
  return request === null
    ? undefined
    : session.memory.get<Difference>("compare", differenceKey(session, request));
}

/** Why it cannot be had. Reads signals. */
export function differenceProblem(session: Session, request: CompareRequest | null): string | null {
  return request === null ? null : session.memory.problem("compare", differenceKey(session, request));
}

/** What would be asked for a head; null where no text is held. Reads signals. */
export function compareRequest(session: Session, { layer, head }: HeadRef): CompareRequest | null {
  const shown = session.shown.value;
  const { against } = session.traits.look.value;
  if (shown === null || against === "") return null;
  return { ...textsOf(shown), against, layer, head, part: shown.frame.header.part };
}

/** Asks for the difference that is looked at, while differences are. */
export function followDifference({ session, local, derived, abort }: View): void {
  const { asker } = local;
  follow(session, abort, () => {
    if (session.traits.view.value !== "compare") return [];
    const request = compareRequest(session, derived.head.value ?? session.clampedHead());
    if (request === null) return [];
    return [{ kind: "compare", key: differenceKey(session, request), request: { ...request, asker } }];
  });
}

/** The largest change of either sign. */
export function largestChange(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Cells of so many tokens that a side has at most `side` of them: of each cell the largest change, with its sign. */
export function pooledChanges(
  { values, queries, keys }: Pick<Difference, "values" | "queries" | "keys">,
  side: number,
): {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly pooling: number;
} {
  const pooling = Math.max(1, Math.ceil(Math.max(queries.length, keys.length) / side));
  if (pooling === 1) return { values, rows: queries.length, columns: keys.length, pooling };
  const rows = Math.ceil(queries.length / pooling);
  const columns = Math.ceil(keys.length / pooling);
  const pooled = new Float32Array(rows * columns);
  values.forEach((value, index) => {
    const row = Math.floor(Math.floor(index / keys.length) / pooling);
    const place = row * columns + Math.floor((index % keys.length) / pooling);
    if (Math.abs(value) > Math.abs(pooled[place] as number)) pooled[place] = value;
  });
  return { values: pooled, rows, columns, pooling };
}
