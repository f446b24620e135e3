import { shortLabel } from "../../lib/format";
import type { Direct } from "../../wire/lens";
import type { LensColumn, LensTable } from "./lens";

/** One token that a layer would say. */
export interface Said {
  readonly piece: string;
  readonly probability: number;
}

/** What a layer says after a token. */
export interface LensCell {
  readonly top: readonly Said[];
  /** What the model says in the end. */
  readonly answer: Said;
  readonly rank: number;
  /** Whether that is the likeliest here already. */
  readonly settled: boolean;
}

export function cellOf({ lens, at }: LensColumn, layer: number): LensCell {
  const cell = layer * lens.pieces.length + at;
  const word = (index: number) => lens.words[index] ?? "";
  const answer = lens.answers[at] as number;
  return {
    top: Array.from({ length: lens.top }, (_, rank) => ({
      piece: word(lens.best[cell * lens.top + rank] as number),
      probability: lens.probabilities[cell * lens.top + rank] as number,
    })),
    answer: { piece: word(answer), probability: lens.values[cell] as number },
    rank: lens.ranks[cell] as number,
    settled: lens.best[cell * lens.top] === answer,
  };
}

/** The layer from which on the answer stays the likeliest; null where it is not even in the last one. */
export function settledFrom({ lens, at }: LensColumn): number | null {
  let from: number | null = null;
  for (let layer = lens.layers - 1; layer >= 0; layer--) {
    if (lens.ranks[layer * lens.pieces.length + at] !== 1) break;
    from = layer;
  }
  return from;
}

/** How many layers there are, as whatever has come says. */
export function layersOf({ columns, direct }: LensTable): number | null {
  return columns.find((column) => column !== null)?.lens.layers ?? direct?.layers ?? null;
}

/** The largest amount, of what parts add and of what heads add: what has the full tone. */
export function fullOf(amounts: Float32Array): number {
  let largest = 0;
  for (const amount of amounts) if (Math.abs(amount) > largest) largest = Math.abs(amount);
  return largest;
}

/** What can be painted of a table. */
export interface LensPicture {
  readonly table: LensTable;
  readonly names: readonly string[];
  readonly full: { readonly parts: number; readonly heads: number };
  /** The head that is chosen. */
  readonly chosen: { readonly layer: number; readonly head: number } | null;
  readonly measure: (text: string, font: string) => number;
}

/** The tokens over the columns. */
export function namesOf({ columns }: LensTable): readonly string[] {
  return columns.map((column) => (column === null ? "…" : shortLabel(column.lens.pieces[column.at], 24)));
}

export function fullsOf(direct: Direct | null): LensPicture["full"] {
  return direct === null
    ? { parts: 0, heads: 0 }
    : { parts: fullOf(direct.parts), heads: fullOf(direct.byHead) };
}
