import type { FieldNumber } from "../session/axes";
import type { Session } from "../session/session";
import type { Field } from "./fields";

const none: ReadonlySet<number> = new Set();

/** The tokens of a field that the model has written: those that begin there. Reads signals. */
export function producedIn(
  { continuing }: Pick<Session, "continuing">,
  { segments }: Field,
  number: FieldNumber,
): ReadonlySet<number> {
  const produced = continuing.produced.value;
  if (produced?.field !== number || produced.stop <= produced.start) return none;
  const found = new Set<number>();
  let place = 0;
  for (const { text, mark } of segments) {
    if (mark !== null && place >= produced.start && place < produced.stop)
      for (const token of mark.tokens) found.add(token);
    place += text.length;
  }
  return found;
}
