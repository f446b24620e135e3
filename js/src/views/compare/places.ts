import type { Cell } from "../../focus/pointer";
import { shortLabel } from "../../lib/format";
import type { Looked } from "../../matrix/beyond";
import { type Side, sideOf } from "../../session/places";
import type { Difference } from "../../wire/difference";
import type { Direction, Span } from "../../wire/types";

type Places = Pick<Difference, "queries" | "keys">;

function along({ queries, keys }: Places, side: Side): readonly number[] {
  return side === "query" ? queries : keys;
}

/** Whether rows and columns are the same tokens. */
export function readsItself({ queries, keys, queryPieces, keyPieces }: Difference): boolean {
  const same = (one: readonly unknown[], other: readonly unknown[]) =>
    one.length === other.length && one.every((each, place) => each === other[place]);
  return same(queries, keys) && same(queryPieces, keyPieces);
}

function pairsAlong(difference: Difference, side: Side) {
  const { queryPieces, heldQueryPieces, keyPieces, heldKeyPieces } = difference;
  const [pieces, held] = side === "query" ? [queryPieces, heldQueryPieces] : [keyPieces, heldKeyPieces];
  return pieces.map((piece, place) => ({ piece, before: held[place] ?? piece }));
}

const longest = 9;

/** What rows, or columns, are called: what was replaced by both names. */
export function namesOf(difference: Difference, side: Side): readonly string[] {
  return pairsAlong(difference, side).map(({ piece, before }) =>
    before === piece ? piece : `${shortLabel(before, longest)} → ${shortLabel(piece, longest)}`,
  );
}

/** The rows, or columns, in which a token stands in the place of another. */
export function replacedAlong(difference: Difference, side: Side): readonly number[] {
  return pairsAlong(difference, side).flatMap(({ piece, before }, place) =>
    before === piece ? [] : [place],
  );
}

/** The number of the token, in the text on show, that a row or a column is of. */
export function numberIn(places: Places): (side: Side, place: number) => number {
  return (side, place) => along(places, side)[place] ?? 0;
}

/** The rows, or columns, of a span of tokens; empty where the other text has none of it. */
export function placesOf(places: Places, side: Side, [start, stop]: Span): Span {
  const before = (limit: number) => along(places, side).filter((token) => token < limit).length;
  return [before(start), before(stop)];
}

/** Where a span of rows, or columns, begins; null of what was added, or has gone: it has no place here. */
export function placeIn(direction: Direction, [start, stop]: Span): Looked | null {
  return start < stop ? { side: sideOf(direction), place: start } : null;
}

/** Where the keyboard begins: at the first row, or column, of what is looked at, and the largest change in it. */
export function startIn({ values, queries, keys }: Difference, direction: Direction, [focus]: Span): Cell {
  const reads = direction === "reads";
  const first = Math.min(focus, (reads ? queries : keys).length - 1);
  const cellAt = (other: number): Cell =>
    reads ? { query: first, key: other } : { query: other, key: first };
  const change = ({ query, key }: Cell) => Math.abs(values[query * keys.length + key] ?? 0);
  const cells = Array.from(reads ? keys : queries, (_, other) => cellAt(other));
  return cells.reduce((most, cell) => (change(cell) > change(most) ? cell : most), cellAt(0));
}
