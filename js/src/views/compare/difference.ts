import type { View } from "../../display/view";
import { oneForEach } from "../../lib/one-for-each";
import { follow } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { HeadRef } from "../../session/places";
import type { Session } from "../../session/session";
import { textsOf } from "../../session/shown";
import type { CompareRequest, Difference } from "../../wire/difference";

/** The text that is held, by a short name: another one for every text that comes. */
class Held {
  #text = "";
  #number = 0;

  nameOf(text: string): number {
    if (text !== this.#text) this.#number++;
    this.#text = text;
    return this.#number;
  }
}

const heldOf = oneForEach((_session: Session) => new Held());

function differenceKey(session: Session, request: CompareRequest): string {
  const { against, layer, head, part } = request;
  return keyOf(request, heldOf(session).nameOf(against), layer, head, part);
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
