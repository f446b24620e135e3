import { follow, type Wish } from "../session/answers/follow";
import type { HeadRef } from "../session/places";
import type { Session } from "../session/session";
import { textsOf } from "../session/shown";
import type { Metric, MetricRequest, Similar, SimilarRequest } from "../wire/metric";
import { metricKey, named, similarKey } from "./found";
import { isByEffect, searchOf } from "./search";

const nearest = 5;
/** Weights that are read unasked, only to name the head on show: about three seconds of work. */
const mostUnasked = 2 ** 28;
const soon = 60;
const idle = 500;

/** A number of all heads; null before the first frame. Reads signals. */
export function metricWish({ shown }: Session, name: string): Wish<"metric", MetricRequest> | null {
  if (shown.value === null) return null;
  const request = { ...textsOf(shown.value), part: shown.value.frame.header.part, name };
  return { kind: "metric", key: metricKey(request), request, parts: true };
}

export function similarWish(
  { shown, heads }: Session,
  { layer, head }: HeadRef,
): Wish<"similar", SimilarRequest> | null {
  if (shown.value === null || (heads.value[layer] ?? 0) <= head) return null;
  const { part } = shown.value.frame.header;
  const request = { ...textsOf(shown.value), part, layer, head, count: nearest };
  return { kind: "similar", key: similarKey(request), request };
}

/** What a metric is called. Reads signals. */
export function titleOf(session: Session, name: string): string {
  return session.about.value?.metrics.find((choice) => choice.name === name)?.title ?? name;
}

/** What is known of every head of the text on show; null where it is not, or not yet. Reads signals. */
export function metricAt(session: Session, name: string): Metric | null {
  return session.memory.answer(metricWish(session, name)).value ?? null;
}

/** The same, or while it is worked out the first layers of it: to be shown, and never to be ranked. Reads signals. */
export function metricSoFar(session: Session, name: string): Metric | null {
  const wish = metricWish(session, name);
  return wish && (session.memory.part<Metric>(wish.kind, wish.key) ?? null);
}

/** Why it cannot be had. Reads signals. */
export function refusalAt(session: Session, name: string): string | null {
  return session.memory.answer(metricWish(session, name)).problem;
}

export function similarAt(session: Session, head: HeadRef): Similar | null {
  return session.memory.answer(similarWish(session, head)).value ?? null;
}

/** Asks for what the grid or the finder shows, and, when nothing else goes on, for what the head on show is called. */
export function followHeads(session: Session, abort: AbortSignal): void {
  follow(session, abort, () => wishes(session));
}

/** What to ask, first things first. Nothing during typing: the text would change before the answer arrives. */
function wishes(session: Session): readonly (Wish | null)[] {
  if (!session.current.value) return [];
  const metrics = searchOf(session);
  const looked = session.traits.view.value === "model" || metrics.shade.value === "values";
  return [
    ...effectWishes(session),
    looked ? after(soon, metricWish(session, metrics.by.value)) : null,
    ...(cheap(session)
      ? [after(idle, metricWish(session, named)), after(idle, similarWish(session, session.clampedHead()))]
      : []),
  ];
}

/** What is looked at of effects: in the grid, and in the text. Reads signals. */
function effectWishes(session: Session): readonly (Wish<"effects"> | null)[] {
  const { effects, answers } = session;
  return [
    ...(isByEffect(session) ? effects.wishes("heads") : []),
    ...(effects.heat.value && answers.value ? effects.wishes("tokens") : []),
  ];
}

/** Whether the model still has effects to find that are looked at: what takes long waits for them. Reads signals. */
export function findsEffects(session: Session): boolean {
  return effectWishes(session).some((wish) => {
    const { value, problem } = session.memory.answer(wish);
    return wish !== null && value === undefined && problem === null;
  });
}

function after(delay: number, wish: Wish | null): Wish | null {
  return wish && { ...wish, delay };
}

function cheap(session: Session): boolean {
  const { tokens, key_tokens = null } = session.shown.value?.frame.header ?? {};
  const queries = tokens?.pieces.length ?? 0;
  const keys = key_tokens?.pieces.length ?? queries;
  const heads = session.heads.value.reduce((sum, number) => sum + number, 0);
  return heads * queries * keys <= mostUnasked;
}

/** What heads are looked for by: of the text on show. */
export function metricIn(session: Session): Metric | null {
  return metricAt(session, searchOf(session).by.value);
}

/** What there is of it, to be shown. */
export function metricShown(session: Session): Metric | null {
  return metricSoFar(session, searchOf(session).by.value);
}
