import { type Signal, signal } from "@preact/signals";

export interface HeadRef {
  readonly layer: number;
  readonly head: number;
}

/** A cell of the matrix, in tokens. */
export interface Cell {
  readonly query: number;
  readonly key: number;
}

/** What one view of the explorer knows and never tells: where the pointer is. */
export interface Local {
  readonly hoverHead: Signal<HeadRef | null>;
  /** The token that is looked at instead of the query. */
  readonly hoverToken: Signal<number | null>;
  /** A token that is pointed out in the text, without being looked at. */
  readonly marked: Signal<number | null>;
  readonly cell: Signal<Cell | null>;
}

export function createLocal(): Local {
  return { hoverHead: signal(null), hoverToken: signal(null), marked: signal(null), cell: signal(null) };
}
