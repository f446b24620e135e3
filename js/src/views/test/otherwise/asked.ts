import { type Signal, signal } from "@preact/signals";
import type { View } from "../../../display/view";
import { oneForEach } from "../../../lib/one-for-each";
import type { Wish } from "../../../session/answers/follow";
import { keyOf } from "../../../session/answers/memory";
import type { Session } from "../../../session/session";
import { textsOf } from "../../../session/shown";
import { questionAsked } from "../../../session/what-if";
import type { Counterfactual, CounterfactualRequest } from "../../../wire/experiments/counterfactual";

interface Otherwise {
  readonly open: Signal<boolean>;
  readonly whole: Signal<boolean>;
  /** The token that is to receive little; null for the pattern most unlike the own one. */
  readonly away: Signal<number | null>;
  /** What was asked for, by its key: a search takes a while, so none begins by itself. */
  readonly wanted: Signal<string | null>;
}

/** What the page keeps of a session's search for other attention. */
export const otherwiseOf = oneForEach(
  (_session: Session): Otherwise => ({
    open: signal(false),
    whole: signal(false),
    away: signal(null),
    wanted: signal(null),
  }),
);

/** Where the stage is as high as the window leaves it, it takes the place of the table, as the ways to put it do. Reads signals. */
export function otherwiseFills({ session, layout }: View): boolean {
  return layout.value.columns === 3 && session.can("counterfactual") && otherwiseOf(session).open.value;
}

/** What would be asked about the head on screen, or its layer. Reads signals. */
export function possibleWish(session: Session): Wish<"counterfactual", CounterfactualRequest> | null {
  const { open, whole, away } = otherwiseOf(session);
  const shown = session.shown.value;
  if (!open.value || shown === null || !session.can("counterfactual")) return null;
  const { part, layer, head: own } = shown.frame.header;
  const question = session.traits.question.value;
  const head = whole.value ? -1 : own;
  const token = away.value;
  const sought = token === null ? { name: "another" as const } : { name: "away" as const, position: token };
  const request = { ...textsOf(shown), ...questionAsked(question), part, layer, head, ...sought };
  return {
    kind: "counterfactual",
    key: keyOf(request, part, question, layer, head, token),
    request,
    delay: 0,
  };
}

/** The same, once somebody has asked for it. Reads signals. */
export function otherwiseWish(session: Session) {
  const wish = possibleWish(session);
  return wish !== null && wish.key === otherwiseOf(session).wanted.value ? wish : null;
}

/** What was found for the head on screen. Reads signals. */
export function otherwiseFound(session: Session): Counterfactual | null {
  const wish = possibleWish(session);
  return wish && (session.memory.get<Counterfactual>(wish.kind, wish.key) ?? null);
}

/** Whether a search is under way. Reads signals. */
export function isSought(session: Session): boolean {
  const wish = otherwiseWish(session);
  if (wish === null) return false;
  const { value, problem } = session.memory.answer(wish);
  return value === undefined && problem === null;
}
