import type { Cell } from "../../focus/pointer";
import { count, pieceLabel, signedWeight, weight } from "../../lib/format";
import type { Difference } from "../../wire/difference";

/** What became of a pair that both texts have. */
export function changeAt({ values, keys }: Difference, { query, key }: Cell): number {
  return values[query * keys.length + key] ?? Number.NaN;
}

/** The cell that is looked at, or the head. */
export function spoken(difference: Difference, cell: Cell | null, peak: number): string {
  if (cell === null)
    return `Layer ${difference.layer} head ${difference.head}, largest change ${weight(peak)}`;
  const name = (piece = "") => pieceLabel(piece);
  const pair = `${name(difference.queryPieces[cell.query])} reads ${name(difference.keyPieces[cell.key])}`;
  return `${pair} ${signedWeight(changeAt(difference, cell))}`;
}

/** How many tokens the map leaves out; nothing where both texts have all. */
export function aloneNote({ counts, heldQueries, queries }: Difference): string {
  const [held, shown] = [counts[0] - heldQueries.length, counts[1] - queries.length];
  if (held <= 0 && shown <= 0) return "";
  return `${count(held, "token")} of the held text and ${count(shown, "token")} of this one have no partner`;
}
