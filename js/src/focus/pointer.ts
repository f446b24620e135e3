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

/** A span of tokens, whatever is shown, and its words. */
export interface Named {
  readonly tokens: Span;
  readonly name: string;
}

/** What one layer carries from word to word. */
export interface Edge {
  readonly layer: number;
  readonly query: Named;
  readonly key: Named;
}

/** What an edit names: its tokens by number, and its heads. */
export interface Touched {
  readonly queries: ReadonlySet<number>;
  readonly keys: ReadonlySet<number>;
  readonly heads: readonly (readonly [layer: number, head: number | null])[];
}

/** A menu of what can be done with what is pointed at, and where it stands in the frame. */
export interface OpenMenu {
  readonly subject: Subject;
  readonly x: number;
  readonly y: number;
  /** What had the focus, and gets it back. */
  readonly from: { focus(how: { readonly preventScroll: true }): void } | null;
}

/** Something that is pointed at and could be changed. */
export type Subject =
  | ({ readonly kind: "tokens"; readonly side: Side } & Named)
  | { readonly kind: "head"; readonly layer: number; readonly head: number }
  | {
      readonly kind: "pair";
      readonly query: Named;
      readonly key: Named;
      /** Where it is read, if not in the heads on show: all heads of a layer, or one. */
      readonly at: readonly [layer: number, head: number | null] | null;
    };

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
  /** Between words of the flow. */
  readonly edge: Signal<Edge | null>;
  /** The menu that is open. */
  readonly menu: Signal<OpenMenu | null>;
  /** What the chip that is pointed at names. */
  readonly touched: Signal<Touched | null>;
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
  /** Whether what a system turn says is open. */
  readonly unfolded: Signal<boolean>;
  /** Whether the list of keys is open. */
  readonly help: Signal<boolean>;
  /** The word that is explained, and where its sentence stands in the frame. */
  readonly term: Signal<{ readonly name: TermName; readonly x: number; readonly y: number } | null>;
  /** What is searched in the texts; null while nothing is. */
  readonly wanted: Signal<string | null>;
  /** Which of the places where it stands is gone to; null before any is. */
  readonly match: Signal<number | null>;
}

/** Whether one line stands for what a role says. Reads signals. */
export function isFolded({ unfolded }: Local, role: string): boolean {
  return role === "system" && !unfolded.value;
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
    edge: signal(null),
    menu: signal(null),
    touched: signal(null),
    openKey: signal(null),
    keyRows: signal([0, 0]),
    viewport: signal(whole),
    changeViewport: signal(whole),
    drafts: [signal(null), signal(null)],
    unfolded: signal(false),
    help: signal(false),
    term: signal(null),
    wanted: signal(null),
    match: signal(null),
  };
}
