import type { View } from "../../display/view";
import { hiddenBy, withHidden } from "../../edits/hidden-tokens";
import type { FieldNumber } from "../../session/axes";
import { takeArrow, tokenAt } from "../area/pointing";
import { look, pinIn } from "../looks";
import type { PatchSurface } from "./patches";

/** The pointer looks, a click or a drag chooses the query, the arrows move it. While it hides, a drag paints patches out, or in again. */
export function hear(
  view: View,
  number: FieldNumber,
  laid: () => PatchSurface,
  host: HTMLElement,
  hiding: boolean,
  signal: AbortSignal,
): void {
  const { session } = view;
  let from: number | null = null;
  /** What a stroke does: hides what it comes over, or brings it back. */
  let hides: boolean | null = null;
  const stroke = (token: number) => {
    const header = session.shown.peek()?.frame.header;
    const part = header !== undefined && header.parts.length > 1 ? header.part : null;
    // By what was painted last, whether its map is here or not.
    const edits = session.traits.edits.peek();
    const hidden = hiddenBy(edits, part).includes(token);
    hides ??= !hidden;
    if (hidden !== hides) session.setEdits(withHidden(edits, [token], hides, part));
  };
  const under = (event: PointerEvent) => tokenAt(event, host, laid());
  const moved = (event: PointerEvent) => {
    const token = under(event);
    if (hides !== null && token !== null) return stroke(token);
    if (from !== null && token !== null)
      return pinIn(view, number, [Math.min(from, token), Math.max(from, token) + 1]);
    look(view, number, token);
  };
  const pressed = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const token = under(event);
    if (token === null) return;
    host.setPointerCapture(event.pointerId);
    look(view, number, null);
    if (hiding) return stroke(token);
    from = token;
    pinIn(view, number, [from, from + 1]);
  };
  const ended = () => {
    from = null;
    hides = null;
  };
  const left = () => {
    ended();
    look(view, number, null);
  };
  const typed = (event: KeyboardEvent) => {
    const step = takeArrow(event);
    if (step === null) return;
    const [across, down] = step;
    // What was chosen last, whether its map is here or not: keys come faster.
    const [start] = session.traits.query.peek();
    const token = laid().beside(start, down, across) ?? (laid().leadsFrom(start) ? null : laid().tokens[0]);
    if (token != null) pinIn(view, number, [token, token + 1]);
  };
  host.addEventListener("pointermove", moved, { signal });
  host.addEventListener("pointerdown", pressed, { signal });
  host.addEventListener("pointerup", ended, { signal });
  host.addEventListener("pointerleave", left, { signal });
  host.addEventListener("keydown", typed, { signal });
}
