import { effect } from "@preact/signals";
import type { Predicted, Span } from "../wire/types";
import type { Derived } from "./derived";
import type { Local } from "./local";
import { alone, type MapPlace } from "./previews";
import type { Session } from "./session";

const headRest = 40;
const tokenRest = 60;
const predictRest = 120;
/** What is predicted anew for every token. A class and an answer are those of the whole text. */
const byToken: ReadonlySet<unknown> = new Set<Predicted>(["next token", "this token", "label"]);

/** Asks for what the pointer rests on and the page cannot work out: exact maps of hovered heads, vectors, predictions. */
export function followPointer(session: Session, local: Local, derived: Derived, abort: AbortSignal): void {
  const dispose = [
    effect(() => {
      const head = local.hoverHead.value;
      if (head === null) return;
      return after(headRest, () => ask(session, alone(head)));
    }),
    effect(() => {
      const map = derived.map.value;
      const token = local.hoverToken.value;
      if (map === null || token === null || map.pooling === 1) return;
      return after(tokenRest, () => ask(session, map, [token, token + 1]));
    }),
    effect(() => {
      const token = local.hoverToken.value;
      if (token === null || !byToken.has(session.about.value?.model.predicts)) return;
      return after(predictRest, () => void session.expected.ask(token));
    }),
  ];
  abort.addEventListener(
    "abort",
    () => {
      for (const end of dispose) end();
    },
    { once: true },
  );
}

function ask(session: Session, place: MapPlace, query?: Span): void {
  const request = session.previews.request(place, query);
  if (request !== null) void session.previews.ask(request);
}

function after(delay: number, action: () => void): () => void {
  const timer = setTimeout(action, delay);
  return () => clearTimeout(timer);
}
