import { commonKey, type View } from "./view";

/** What keys do, as `KeyboardEvent.key` names them. */
export type Moves = Readonly<Record<string, () => unknown>>;

/** Does what a key is for here, else what it is for in every picture. Those with Ctrl, Cmd, Alt or Shift are the notebook's, but for a +. */
export function steerBy(view: View, event: KeyboardEvent, moves: Moves): void {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key !== "+")) return;
  const move = moves[event.key];
  if (move !== undefined || commonKey(view, event)) event.preventDefault();
  move?.();
}

/** Where a pointer is in an element: in the one that hears it, unless another is named. */
export function pointIn(event: MouseEvent, element = event.currentTarget as Element) {
  const { left, top, width } = element.getBoundingClientRect();
  // A page, or an explorer for a lecture room, may be shown larger than it is laid out.
  const scale = element instanceof HTMLElement && element.offsetWidth > 0 ? width / element.offsetWidth : 1;
  return { x: (event.clientX - left) / scale, y: (event.clientY - top) / scale };
}
