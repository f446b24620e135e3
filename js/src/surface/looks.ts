import { batch } from "@preact/signals";
import type { View } from "../display/view";
import { type Heat, wayIn } from "../focus/derived";
import type { Match } from "../focus/matches";
import type { Touched } from "../focus/pointer";
import { producedIn } from "../focus/produced";
import type { Way } from "../lib/colour";
import { oneForEach } from "../lib/one-for-each";
import type { FieldNumber } from "../session/axes";
import { sideOf } from "../session/places";
import { unitsOf } from "../session/shown";
import { unitOf } from "../session/units";
import { editsShown, touchedBy } from "../what-if/standing";
import type { Direction, Span } from "../wire/types";

/** How the tokens of a field are marked: colours where the other end of the weights stands, rings where the query does. */
export interface Looks {
  readonly heat: Heat | null;
  readonly pinned: Span;
  readonly focus: Span;
  readonly marked: number | null;
  /** Where what is searched stands in this field, and which of these is gone to. */
  readonly found: ReadonlySet<number>;
  readonly match: Span;
  readonly direction: Direction;
  /** What nobody reads in what is shown, and what the chip that is pointed at names. */
  readonly hidden: ReadonlySet<number>;
  readonly touched: ReadonlySet<number>;
  /** What the model has written, and whether it would write that still. */
  readonly produced: ReadonlySet<number>;
  readonly stale: boolean;
}

/** How a stretch is marked. */
export interface MarkLook {
  /** 0 to 1, on the square-root scale. */
  readonly tone: number;
  /** Whether it is a sink that the row rests on. */
  readonly sink: boolean;
  /** Of a change: whether it is read more, or less, than before; of an effect, whether hiding it hurts the answer or helps it. */
  readonly way: Way | null;
  readonly query: boolean;
  readonly focus: boolean;
  readonly marked: boolean;
  /** Whether it is searched, and gone to. */
  readonly found: "match" | "current" | null;
  readonly hidden: boolean;
  readonly touched: boolean;
  readonly produced: "fresh" | "stale" | null;
}

const nowhere: Span = [0, 0];

/** Reads signals. */
export function looksOf(view: View, number: FieldNumber): Looks {
  const { derived, local } = view;
  const { asks, answers } = derived.fields[number].value;
  const map = derived.map.value;
  const direction = derived.direction.value;
  // A token of the other text may be looked at: then the pinned query stands where the colours are.
  const turned = map !== null && direction !== map.direction;
  const pins = turned ? answers : asks;
  const matches = derived.matches.value;
  const chosen = matches[local.match.value ?? -1];
  return {
    heat: answers ? derived.heat.value : null,
    pinned: pins ? (map?.query ?? nowhere) : nowhere,
    focus: asks ? derived.focus.value : nowhere,
    marked: answers ? local.marked.value : null,
    found: foundIn(matches)[number],
    match: chosen?.field === number ? chosen.tokens : nowhere,
    direction,
    hidden: inField(view, number, hiddenIn(view)),
    touched: inField(view, number, local.touched.value),
    produced: producedIn(view.session, derived.fields[number].value, number),
    stale: view.session.isStale(),
  };
}

/** What edits hide in what is shown; null where what was before is shown. Reads signals. */
function hiddenIn({ session }: View): Touched | null {
  const hides = editsShown(session).filter(({ kind }) => kind === "hide");
  return hides.length === 0 ? null : touchedBy(session, hides);
}

const none: ReadonlySet<number> = new Set();

/** What of it stands in a field, in what is shown. Reads signals. */
function inField(
  { session, derived }: View,
  number: FieldNumber,
  touched: Touched | null,
): ReadonlySet<number> {
  if (touched === null) return none;
  const { asks, answers } = derived.fields[number].value;
  const reads = derived.direction.value === "reads";
  const found = new Set<number>();
  for (const side of ["query", "key"] as const) {
    if (!(side === (reads ? "query" : "key") ? asks : answers)) continue;
    const units = unitsOf(session.shown.value, side === "query" ? "reads" : "read_by");
    for (const token of side === "query" ? touched.queries : touched.keys) found.add(unitOf(units, token));
  }
  return found;
}

export function markLook(
  { heat, pinned, focus, marked, found, match, hidden, touched, produced, stale }: Looks,
  tokens: readonly number[],
): MarkLook {
  let tone = 0;
  let sink = false;
  let way: MarkLook["way"] = null;
  if (heat !== null)
    for (const token of tokens) {
      const own = heat.tones[token] ?? 0;
      if (own > tone) way = wayIn(heat, token);
      tone = Math.max(tone, own);
      if (own > 0 && heat.less === null && heat.sinks.has(token)) sink = true;
    }
  return {
    tone,
    sink,
    way,
    query: tokens.some((token) => within(pinned, token)),
    focus: tokens.some((token) => within(focus, token)),
    marked: marked !== null && tokens.includes(marked),
    found: tokens.some((token) => within(match, token))
      ? "current"
      : tokens.some((token) => found.has(token))
        ? "match"
        : null,
    hidden: tokens.some((token) => hidden.has(token)),
    touched: tokens.some((token) => touched.has(token)),
    produced: !tokens.some((token) => produced.has(token)) ? null : stale ? "stale" : "fresh",
  };
}

/** The tokens of each field that are searched. */
const foundIn = oneForEach((matches: readonly Match[]): readonly [Set<number>, Set<number>] => {
  const found = [new Set<number>(), new Set<number>()] as const;
  for (const { field, tokens } of matches)
    for (let token = tokens[0]; token < tokens[1]; token++) found[field].add(token);
  return found;
});

function within([start, stop]: Span, token: number): boolean {
  return token >= start && token < stop;
}

/** Looks from a token of a field, or no longer from any. */
export function look({ derived, local }: View, number: FieldNumber, token: number | null): void {
  if (local.hoverToken.peek() === token && token === null) return;
  const { asks, answers } = derived.fields[number].peek();
  const side = sideOf(derived.direction.peek());
  batch(() => {
    // The colours are of the other text while the pointer is in this one.
    if (token !== null && answers && !asks) local.hoverSide.value = side === "query" ? "key" : "query";
    local.hoverToken.value = token;
    if (token === null) local.hoverSide.value = null;
  });
}

/** Makes tokens of a field the query: what is read is looked at from there. */
export function pinIn({ session, derived }: View, number: FieldNumber, span: Span): void {
  const side = sideOf(derived.direction.peek());
  const own = derived.fields[number].peek().asks ? side : side === "query" ? "key" : "query";
  session.pinQuery(span, own);
}
