import { shorten, shortLabel } from "../lib/format";
import { keysOf } from "../session/axes";
import type { Side } from "../session/places";
import type { Session } from "../session/session";
import { unitsOf } from "../session/shown";
import { toTokens, type Units } from "../session/units";
import type { Header } from "../wire/types";
import type { Derived } from "./derived";
import type { Local, Named, Subject } from "./pointer";

type Place = Extract<Subject, { readonly kind: "pair" }>["at"];

interface Looked {
  readonly session: Session;
  readonly local: Local;
  readonly derived: Derived;
}

/** What the pointer, or the keyboard, is on in a picture or in a list; null where it is on nothing. */
export function pointedAt({ session, local, derived }: Looked): Subject | null {
  const frame = session.shown.peek()?.frame;
  if (frame === undefined) return null;
  const { header } = frame;
  const pair = (query: number, key: number, at: Place): Subject => ({
    kind: "pair",
    query: named(header, "query", query, unitsOf(session.shown.peek(), "reads")),
    key: named(header, "key", key, unitsOf(session.shown.peek(), "read_by")),
    at,
  });
  const cell = local.cell.peek();
  if (cell !== null) return pair(cell.query, cell.key, null);
  const edge = local.edge.peek();
  if (edge !== null) return { kind: "pair", query: edge.query, key: edge.key, at: [edge.layer, null] };
  const reads = derived.direction.peek() === "reads";
  const [focus] = derived.focus.peek();
  const strip = local.stripCell.peek();
  if (strip !== null && strip.layer >= 0) {
    const { layers } = session.traits.look.peek();
    const at = [strip.layer, layers === "single" ? session.clampedHead().head : null] as const;
    return reads ? pair(focus, strip.token, at) : pair(strip.token, focus, at);
  }
  const dot = local.pairCell.peek();
  if (dot !== null) return pair(derived.map.peek()?.query[0] ?? focus, dot.key, null);
  const head = local.hoverHead.peek();
  if (head !== null) return { kind: "head", ...head };
  const token = local.hoverToken.peek();
  if (token !== null) return tokensAt({ session, derived }, token, local.hoverSide.peek());
  const marked = local.marked.peek();
  return marked === null ? null : tokensAt({ session, derived }, marked, reads ? "key" : "query");
}

/** The token of the query, which the caret is at. */
export function queryAt({ session, derived }: Pick<Looked, "session" | "derived">): Subject | null {
  const [start, stop] = derived.map.peek()?.query ?? [0, 0];
  const first = stop > start ? tokensAt({ session, derived }, start, null) : null;
  const last = first && stop - start > 1 ? tokensAt({ session, derived }, stop - 1, null) : null;
  if (first?.kind !== "tokens" || last?.kind !== "tokens") return first;
  return {
    ...first,
    tokens: [first.tokens[0], last.tokens[1]],
    name: shorten(`${first.name} … ${last.name}`, 24),
  };
}

/** A unit of what is shown; without a side, one that the query is among. */
function tokensAt(
  { session, derived }: Pick<Looked, "session" | "derived">,
  unit: number,
  side: Side | null,
): Subject | null {
  const shown = session.shown.peek();
  if (shown === null) return null;
  const own = side ?? (derived.direction.peek() === "reads" ? "query" : "key");
  const units = unitsOf(shown, own === "query" ? "reads" : "read_by");
  const found = named(shown.frame.header, own, unit, units);
  return { kind: "tokens", side: own, ...found };
}

function named(header: Header, side: Side, unit: number, units: Units): Named {
  const { pieces } = side === "query" ? header.tokens : keysOf(header);
  return { tokens: toTokens(units, [unit, unit + 1]), name: shortLabel(pieces[unit], 24) };
}
