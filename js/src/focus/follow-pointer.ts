import { alone, type Focus, type MapPlace } from "../session/answers/previews";
import type { Session } from "../session/session";
import { watch } from "../session/watch";
import type { Predicted } from "../wire/types";
import type { Derived } from "./derived";
import type { Local } from "./pointer";

const headRest = 40;
const tokenRest = 60;
const predictRest = 120;
/** What is predicted anew for every token. A class and an answer are those of the whole text. */
const byToken: ReadonlySet<unknown> = new Set<Predicted>(["next token", "this token", "label"]);

/** Asks for what the pointer rests on and the page cannot work out: exact maps of hovered heads, vectors, predictions. */
export function followPointer(session: Session, local: Local, derived: Derived, abort: AbortSignal): void {
  watch(session, abort, () => {
    const head = local.hoverHead.value;
    return head === null ? undefined : ask(session, local, headRest, alone(head));
  });
  watch(session, abort, () => {
    const map = derived.map.value;
    const token = local.hoverToken.value;
    if (map === null || token === null || map.pooling === 1) return;
    const direction = derived.direction.value;
    return ask(session, local, tokenRest, map, { query: [token, token + 1], direction });
  });
  watch(session, abort, () => {
    const token = local.hoverToken.value;
    const kind = session.about.value?.model.predicts ?? session.shown.value?.frame.header.predictions?.kind;
    if (token === null || !byToken.has(kind)) return;
    if (derived.map.value?.square === false && derived.direction.value === "read_by") return;
    if (!session.expected.wants(token)) return;
    return after(predictRest, () => void session.expected.ask(token, local.asker));
  });
}

/** Reads signals: of another frame, it is another question. */
function ask(session: Session, { asker }: Local, rest: number, place: MapPlace, focus?: Focus) {
  const request = session.previews.request(place, focus);
  if (request === null || !session.previews.wants(request)) return;
  return after(rest, () => void session.previews.ask(request, asker));
}

function after(delay: number, action: () => void): () => void {
  const timer = setTimeout(action, delay);
  return () => clearTimeout(timer);
}
