import { type Signal, signal } from "@preact/signals";
import { oneForEach } from "../../../lib/one-for-each";
import type { Wish } from "../../../session/answers/follow";
import { keyOf } from "../../../session/answers/memory";
import type { Session } from "../../../session/session";
import { textsOf } from "../../../session/shown";
import { tooLarge } from "../../../session/text/too-large";
import { questionAsked } from "../../../session/what-if";
import type { Variants, VariantsRequest } from "../../../wire/experiments/variants";

/** Texts that are kept side by side. */
export const mostKept = 12;

interface Ways {
  readonly open: Signal<boolean>;
  /** Null until somebody keeps or drops one here: then it is what the kernel has kept. */
  readonly kept: Signal<readonly string[] | null>;
  /** A phrase that ought to be read, "" for none. */
  readonly phrase: Signal<string>;
}

/** What the page keeps of a session's ways to put its text. */
export const waysOf = oneForEach(
  (_session: Session): Ways => ({ open: signal(false), kept: signal(null), phrase: signal("") }),
);

/** Reads signals. */
export function keptTexts(session: Session): readonly string[] {
  return waysOf(session).kept.value ?? session.about.value?.variants ?? [];
}

/** Whether there is room for one more, which is not there yet. Reads signals. */
export function mayKeep(session: Session, text: string): boolean {
  const known = keptTexts(session);
  const fits = known.length < mostKept && tooLarge([...known, text].join("")) === null;
  return fits && text !== "" && !known.includes(text);
}

export function keep(session: Session, text: string): void {
  if (mayKeep(session, text)) waysOf(session).kept.value = [...keptTexts(session), text];
}

export function drop(session: Session, text: string): void {
  waysOf(session).kept.value = keptTexts(session).filter((one) => one !== text);
}

/** What is asked while the ways are unfolded. Reads signals. */
export function waysWish(session: Session): Wish<"variants", VariantsRequest> | null {
  const { open, phrase } = waysOf(session);
  const shown = session.shown.value;
  if (!open.value || shown === null || !session.can("variants")) return null;
  const question = session.traits.question.value;
  const texts = keptTexts(session);
  const name = phrase.value;
  const request = { ...textsOf(shown), ...questionAsked(question), texts, ...(name && { name }) };
  return { kind: "variants", key: keyOf(request, question, texts, name), request, parts: true, delay: 200 };
}

/** All rows, or those that are there. Reads signals. */
export function waysSoFar(session: Session): Variants | null {
  const wish = waysWish(session);
  return wish && (session.memory.part<Variants>(wish.kind, wish.key) ?? null);
}
