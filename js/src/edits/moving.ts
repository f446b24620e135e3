import { type Edit, inOrder } from "./records";

/** Where a token is now, by the number that it had; null where it is gone. */
export type Places = (token: number) => number | null;

/** Of a part's queries and of its keys; of a text that reads itself, the same. */
export interface Moves {
  readonly queries: Places;
  readonly keys: Places;
}

/** The same edit of a text that has changed: its places go with their tokens. Null where none of them is left. */
export function movedEdit(edit: Edit, { queries, keys }: Moves): Edit | null {
  if (edit.kind === "hide") {
    const tokens = kept(edit.tokens, keys);
    return tokens.length === 0 ? null : { ...edit, tokens, start: next(edit.start, queries) };
  }
  if (edit.kind !== "cut") return edit;
  const by = edit.queries === null ? null : kept(edit.queries, queries);
  const read = kept(edit.keys, keys);
  return read.length === 0 || by?.length === 0 ? null : { ...edit, queries: by, keys: read };
}

function kept(tokens: readonly number[], places: Places): readonly number[] {
  return inOrder(tokens.map(places).filter((place) => place !== null));
}

/** From a query on: where it is gone, from the one that came before it. */
function next(start: number, places: Places): number {
  for (let token = start; token > 0; token--) {
    const place = places(token);
    if (place !== null) return place + (start - token > 0 ? 1 : 0);
  }
  return 0;
}
