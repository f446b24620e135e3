import type { View } from "../../display/view";
import { oneForEach } from "../../lib/one-for-each";
import type { Wish } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { Session } from "../../session/session";
import { textsOf, unitsOf } from "../../session/shown";
import { toTokens } from "../../session/units";
import type { ChangesRequest, CompareRequest, ExpectedRequest } from "../../wire/difference";
import type { Metric } from "../../wire/metric";

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

/** Whether there are two texts to compare. Reads signals. */
export function comparing(session: Session): boolean {
  const { against } = session.traits.look.value;
  return against !== "" && session.shown.value?.text !== against;
}

/** What became of the head on show since a text was held; null where none is. Reads signals. */
export function compareWish({ session, local, derived }: View): Wish<"compare", CompareRequest> | null {
  const shown = session.shown.value;
  const { against } = session.traits.look.value;
  if (shown === null || against === "") return null;
  const { layer, head } = derived.head.value ?? session.clampedHead();
  const { part } = shown.frame.header;
  return {
    kind: "compare",
    key: keyOf(textsOf(shown), heldOf(session).nameOf(against), layer, head, part),
    request: { ...textsOf(shown), against, layer, head, part, asker: local.asker },
  };
}

/** What became of every head since then; null where no text is held. Reads signals. */
export function changesWish({ session, local }: View): Wish<"changes", ChangesRequest> | null {
  const shown = session.shown.value;
  const { against } = session.traits.look.value;
  if (shown === null || !comparing(session)) return null;
  const { part } = shown.frame.header;
  return {
    kind: "changes",
    key: keyOf(textsOf(shown), heldOf(session).nameOf(against), part),
    request: { ...textsOf(shown), against, part, asker: local.asker },
    parts: true,
  };
}

/** What is known of that, of the first layers while it is worked out. Reads signals. */
export function changesSoFar(view: View): Metric | null {
  const wish = changesWish(view);
  return wish && (view.session.memory.part<Metric>(wish.kind, wish.key) ?? null);
}

/** What the model expects at the pinned query, before and after; null where nothing is held, or predicted. Reads signals. */
export function expectedWish({ session, local }: View): Wish<"expected", ExpectedRequest> | null {
  const shown = session.shown.value;
  const { against } = session.traits.look.value;
  const predicts = session.about.value?.model.predicts ?? null;
  if (shown === null || against === "" || predicts === null) return null;
  const { part, query, direction, key_tokens } = shown.frame.header;
  // Between two texts the query may be a key: nothing is predicted there.
  if (direction === "read_by" && key_tokens !== null) return null;
  const position = toTokens(unitsOf(shown, "reads"), query)[1] - 1;
  return {
    kind: "expected",
    key: keyOf(textsOf(shown), heldOf(session).nameOf(against), position, part),
    request: { ...textsOf(shown), against, part, position, asker: local.asker },
  };
}
