import type { View } from "../display/view";
import { follow, type Wish } from "../session/answers/follow";
import { keyOf } from "../session/answers/memory";
import { textsOf, unitsOf } from "../session/shown";
import { tokenOf } from "../session/units";
import type { Expected, ExpectedRequest } from "../wire/difference";

/** Milliseconds for which the pointer rests on a token before it is asked. */
const rest = 90;

/** What the model expects at the focus, before the edits and after them; null where nothing is changed, or predicted. Reads signals. */
export function expectedWish({ session, local, derived }: View): Wish<"expected", ExpectedRequest> | null {
  const shown = session.shown.value;
  const predicts = session.about.value?.model.predicts ?? null;
  if (shown === null || predicts === null || (shown.asked.edits ?? []).length === 0) return null;
  const { part, key_tokens } = shown.frame.header;
  // Between two texts the focus may be a key: nothing is predicted there.
  if (derived.direction.value === "read_by" && key_tokens != null) return null;
  const position = tokenOf(unitsOf(shown), Math.max(0, derived.focus.value[1] - 1));
  return {
    kind: "expected",
    key: keyOf(textsOf(shown), "before", position, part),
    request: {
      ...textsOf(shown),
      against: shown.text,
      against_edits: [],
      part,
      position,
      asker: `${local.asker} before`,
    },
    ...(local.hoverToken.value === null ? {} : { delay: rest }),
  };
}

/** The same, as it is known; null before it is, and where there is nothing to know. Reads signals. */
export function expectedChange(view: View): Expected | null {
  const wish = expectedWish(view);
  const known = wish && (view.session.memory.get<Expected | null>(wish.kind, wish.key) ?? null);
  return known?.rows === undefined ? null : known;
}

/** Asks for it as long as something is changed. */
export function followExpected(view: View): void {
  follow(view.session, view.abort, () => [expectedWish(view)]);
}
