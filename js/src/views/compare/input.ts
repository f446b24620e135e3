import { clearHover, commonKey, type View } from "../../display/view";
import type { Difference } from "../../wire/difference";

/** A pair of tokens that both texts have, by its row and its column. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

export function steerCompare(
  view: View,
  difference: Difference,
  cell: Place | null,
  look: (place: Place) => void,
  event: KeyboardEvent,
): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const { row, column } = cell ?? { row: 0, column: 0 };
  const [last, end] = [difference.queries.length - 1, difference.keys.length - 1];
  const query = difference.queries[row];
  const pin = () => {
    if (query !== undefined) view.session.pinQuery([query, query + 1]);
  };
  const moves: Readonly<Record<string, () => void>> = {
    ArrowUp: () => look({ row: Math.max(0, row - 1), column }),
    ArrowDown: () => look({ row: Math.min(last, row + 1), column }),
    ArrowLeft: () => look({ row, column: Math.max(0, column - 1) }),
    ArrowRight: () => look({ row, column: Math.min(end, column + 1) }),
    Home: () => look({ row, column: 0 }),
    End: () => look({ row, column: end }),
    Enter: pin,
    " ": pin,
    Escape: () => clearHover(view),
  };
  const move = moves[event.key];
  if (move === undefined ? commonKey(view, event) : true) event.preventDefault();
  move?.();
}
