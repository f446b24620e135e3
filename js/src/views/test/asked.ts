import { type Signal, signal } from "@preact/signals";
import type { View } from "../../display/view";
import { findsEffects } from "../../heads/metrics";
import { oneForEach } from "../../lib/one-for-each";
import type { Wish } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { Session } from "../../session/session";
import { textsOf, unitsOf } from "../../session/shown";
import { tokenCount, unitOf } from "../../session/units";
import { questionAsked } from "../../session/what-if";
import type { Evidence, EvidenceRequest } from "../../wire/experiments/evidence";
import type { Predictions, TextsRequest } from "../../wire/types";
import { otherwiseWish } from "./otherwise/asked";
import { waysWish } from "./ways/kept";

/** The question that somebody has stopped, by its key: it is not asked again by itself. */
const stoppedOf = oneForEach((_session: Session): Signal<string | null> => signal(null));

/** What methods say of the words, for the answer that is asked about; null before there is a text. Reads signals. */
export function evidenceWish(session: Session): Wish<"evidence", EvidenceRequest> | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { part } = shown.frame.header;
  const question = session.traits.question.value;
  const request = { ...textsOf(shown), ...questionAsked(question), part };
  return { kind: "evidence", key: keyOf(request, part, question), request, parts: true, delay: 300 };
}

/** Nothing is tested while somebody writes, or once it was stopped. Reads signals. */
export function testWishes({ session }: View): readonly (Wish | null)[] {
  if (!session.current.value) return [];
  const wish = evidenceWish(session);
  return [
    predictionsWish(session),
    waysWish(session),
    otherwiseWish(session),
    isStopped(session) || findsEffects(session) ? null : wish,
  ];
}

export function isStopped(session: Session): boolean {
  return stoppedOf(session).value === evidenceWish(session)?.key;
}

/** Stops the test of what is shown, or goes on with it. */
export function stop(session: Session, stopped: boolean): void {
  stoppedOf(session).value = stopped ? (evidenceWish(session)?.key ?? null) : null;
}

/** All of it, or what there is while the rest is worked out. Reads signals. */
export function evidenceSoFar(session: Session): Evidence | null {
  const wish = evidenceWish(session);
  return wish && (session.memory.part<Evidence>(wish.kind, wish.key) ?? null);
}

/** The token after which the answer is; null where it is of the whole text, or there is none yet. Reads signals. */
export function answerPlace(session: Session): number | null {
  const header = session.shown.value?.frame.header;
  if (header === undefined || session.about.value?.model.predicts === "class") return null;
  const asked = session.traits.question.value.at;
  return asked ?? evidenceSoFar(session)?.answer.at ?? tokensOf(session) - 1;
}

/** How many tokens the answer may follow. Reads signals. */
export function tokensOf(session: Session): number {
  const shown = session.shown.value;
  if (shown === null) return 0;
  return tokenCount(unitsOf(shown), shown.frame.header.tokens.pieces.length);
}

function predictionsWish(session: Session): Wish<"predict", TextsRequest & object> | null {
  const at = answerPlace(session);
  return at === null ? null : session.expected.wish(unitOf(unitsOf(session.shown.value), at));
}

/** What the model says where the answer is. Reads signals. */
export function expectedThere(session: Session): Predictions | null {
  const at = answerPlace(session);
  const own = session.shown.value?.frame.header.predictions ?? null;
  return at === null ? own : session.expected.at(unitOf(unitsOf(session.shown.value), at));
}
