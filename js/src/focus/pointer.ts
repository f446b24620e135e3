import { type Signal, signal } from "@preact/signals";
import type { TermName } from "../lib/terms";
import type { HeadRef, Side } from "../session/places";
import type { Span, Viewport } from "../wire/types";

/** A cell of the matrix, in tokens. */
export interface Cell {
  readonly query: number;
  readonly key: number;
}

/** A cell of the strip; `layer` is -1 on the token itself. */
export interface StripCell {
  readonly layer: number;
  readonly token: number;
}

/** A key of the neuron view, and the dimension that is pointed at. */
export interface PairCell {
  readonly key: number;
  readonly dimension: number | null;
}

/** What one view of the explorer knows and never tells: where the pointer is. */
export interface Local {
  /** Which view it is: questions of one do not put off those of another. */
  readonly asker: string;
  readonly hoverHead: Signal<HeadRef | null>;
  /** The token that is looked at instead of the query. */
  readonly hoverToken: Signal<number | null>;
  /** Of two texts, the axis of that token; null for that of the query. */
  readonly hoverSide: Signal<Side | null>;
  /** A token that is pointed out in the text, without being looked at. */
  readonly marked: Signal<number | null>;
  readonly cell: Signal<Cell | null>;
  /** A cell of the change since a text was held, in the rows and columns of that map. */
  readonly changeCell: Signal<Cell | null>;
  readonly stripCell: Signal<StripCell | null>;
  readonly pairCell: Signal<PairCell | null>;
  /** The key of the pair that stays open when nothing is pointed at. */
  readonly openKey: Signal<number | null>;
  /** The rows of keys in sight. */
  readonly keyRows: Signal<Span>;
  /** What of the matrix is in sight. Kept in tokens, so that typing elsewhere does not move it. */
  readonly viewport: Signal<Viewport>;
  /** The same of the change since a text was held, in its rows and columns. */
  readonly changeViewport: Signal<Viewport>;
  /** What stands in a text control and nobody else was told of: half composed, or too long to be sent. */
  readonly drafts: readonly [Signal<string | null>, Signal<string | null>];
  /** Whether the list of keys is open. */
  readonly help: Signal<boolean>;
  /** The word that is explained, and where its sentence stands in the frame. */
  readonly term: Signal<{ readonly name: TermName; readonly x: number; readonly y: number } | null>;
  /** What is searched in the texts; null while nothing is. */
  readonly wanted: Signal<string | null>;
  /** Which of the places where it stands is gone to; null before any is. */
  readonly match: Signal<number | null>;
}

let views = 0;
const whole: Viewport = { query: 0, key: 0, span: Number.POSITIVE_INFINITY };

export function createLocal(): Local {
  return {
    asker: String(++views),
    hoverHead: signal(null),
    hoverToken: signal(null),
    hoverSide: signal(null),
    marked: signal(null),
    cell: signal(null),
    changeCell: signal(null),
    stripCell: signal(null),
    pairCell: signal(null),
    openKey: signal(null),
    keyRows: signal([0, 0]),
    viewport: signal(whole),
    changeViewport: signal(whole),
    drafts: [signal(null), signal(null)],
    help: signal(false),
    term: signal(null),
    wanted: signal(null),
    match: signal(null),
  };
}
