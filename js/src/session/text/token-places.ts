import type { Places } from "../../edits/moving";
import type { Span, Tokens } from "../../wire/types";
import type { Units } from "../units";
import { rebase } from "./rebase";

/** Tokens, and the texts in which they stand. Where words are shown each of them stands for the tokens of its unit. */
export interface Laid {
  readonly texts: readonly [string, string];
  readonly tokens: Tokens;
  readonly units: Units;
}

interface Placed {
  readonly span: Span;
  readonly field: number;
}

/** Where the tokens of a text are in the text that it has become. A token is gone once nothing is left of its letters. */
export function placesFrom(before: Laid, after: Laid): Places {
  const [from, to] = [placedIn(before), placedIn(after)];
  const moved = ([0, 1] as const).map((field) =>
    rebase(
      before.texts[field],
      after.texts[field],
      from.map((one): Span => (one.field === field ? bare(before.texts[field], one.span) : nowhere)),
    ),
  );
  const [specials, others] = [unwritten(from), unwritten(to)];
  return (token) => {
    const own = from[token];
    if (own === undefined) return null;
    if (own.span[0] < 0) return others[specials.indexOf(token)] ?? null;
    const found = holder(to, own.field, moved[own.field]?.[token] ?? nowhere);
    if (found === null) return null;
    // Tokens that share a place, pieces of one sign or of one word: each goes with the one of its turn.
    const turn = token - from.findIndex((one) => isAlike(one, own));
    const same = to.filter((one) => isAlike(one, to[found] as Placed)).length;
    return found + Math.min(turn, same - 1);
  };
}

const nowhere: Span = [-1, -1];

function placedIn({ tokens, units }: Laid): readonly Placed[] {
  const each = tokens.spans.map((span, token) => ({ span, field: tokens.fields?.[token] ?? 0 }));
  if (units === null) return each;
  return units.flatMap(([start, stop], unit) =>
    Array.from({ length: stop - start }, () => each[unit] as Placed),
  );
}

/** Tokens that the texts do not hold. */
function unwritten(placed: readonly Placed[]): readonly number[] {
  return placed.flatMap(({ span }, token) => (span[0] < 0 ? [token] : []));
}

/** A span without the white space at its ends, which may stay when its word is gone. */
function bare(text: string, [start, stop]: Span): Span {
  const piece = text.slice(start, stop);
  const inside = piece.trim();
  if (start < 0 || inside === "") return [start, stop];
  const lead = piece.length - piece.trimStart().length;
  return [start + lead, start + lead + inside.length];
}

/** The first token that holds most of a span. */
function holder(placed: readonly Placed[], field: number, [start, stop]: Span): number | null {
  let [found, most]: [number | null, number] = [null, 0];
  placed.forEach(({ span, field: own }, token) => {
    const shared = own === field ? Math.min(stop, span[1]) - Math.max(start, span[0]) : 0;
    if (shared > most) [found, most] = [token, shared];
  });
  return found;
}

function isAlike(one: Placed, other: Placed): boolean {
  return one.field === other.field && one.span[0] === other.span[0] && one.span[1] === other.span[1];
}
