import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { View } from "../../display/view";
import { oneForEach } from "../../lib/one-for-each";
import type { Wish } from "../../session/answers/follow";
import { keyOf } from "../../session/answers/memory";
import type { Session } from "../../session/session";
import { textsOf, unitsOf } from "../../session/shown";
import { tokenCount, tokenOf } from "../../session/units";
import { questionAsked } from "../../session/what-if";
import type { Direct, DirectRequest, Lens, LensRequest } from "../../wire/lens";
import type { Span } from "../../wire/types";
import type { LensHit } from "./scene";

/** Tokens that are asked for together: what was asked once is there when the window moves back. */
const together = 8;

/** What each layer says after one token. */
export interface LensColumn {
  readonly position: number;
  readonly lens: Lens;
  /** Its place among the tokens of its answer. */
  readonly at: number;
}

/** Some tokens side by side; null where the answer has not come. */
export interface LensTable {
  readonly start: number;
  readonly total: number;
  readonly query: number;
  readonly columns: readonly (LensColumn | null)[];
  readonly direct: Direct | null;
}

/** The token that is asked from, and how many there are; null before there is a text. Reads signals. */
export function lensPlace({ shown }: Session): { readonly query: number; readonly total: number } | null {
  if (shown.value === null) return null;
  const { header } = shown.value.frame;
  const units = unitsOf(shown.value);
  const total = tokenCount(units, header.tokens.pieces.length);
  // A key of another text has no prediction after it: the last token that reads has.
  const apart = header.key_tokens !== null && header.direction === "read_by";
  return { query: apart ? total - 1 : tokenOf(units, header.query[1] - 1), total };
}

/** The tokens asked for together with one of them. Reads signals. */
function lensWish(session: Session, position: number, total: number): Wish<"lens", LensRequest> | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { part } = shown.frame.header;
  const start = position - (position % together);
  const rows: Span = [start, Math.min(start + together, total)];
  const { answer } = session.traits.question.value;
  const asked = answer === null ? null : { answer, rather: null, at: null };
  const query = lensPlace(session)?.query ?? 0;
  const request: LensRequest = {
    ...textsOf(shown),
    part,
    rows,
    ...(asked === null ? {} : { ...questionAsked(asked), position: query }),
  };
  return { kind: "lens", key: keyOf(request, part, rows, asked && [answer, query]), request };
}

/** What each part adds to the answer after the query. Reads signals. */
export function directWish(session: Session): Wish<"direct", DirectRequest> | null {
  const [shown, place] = [session.shown.value, lensPlace(session)];
  if (shown === null || place === null) return null;
  const { part } = shown.frame.header;
  const { answer, rather } = session.traits.question.value;
  const asked = questionAsked({ answer, rather, at: null });
  const request = { ...textsOf(shown), part, position: place.query, ...asked };
  return { kind: "direct", key: keyOf(request, part, place.query, answer, rather), request };
}

/** What each layer says after one token, as far as it has come. Reads signals. */
export function columnAt(session: Session, position: number, total: number): LensColumn | null {
  const { value: lens } = session.memory.answer(lensWish(session, position, total));
  const at = lens === undefined ? -1 : position - lens.rows[0];
  return lens === undefined || at < 0 || at >= lens.pieces.length ? null : { position, lens, at };
}

/** Of as many tokens as there is room for, the query the last but one where it can be. */
export function windowAround(query: number, total: number, columns: number): number {
  return Math.max(0, Math.min(query - Math.max(0, columns - 2), total - columns));
}

interface LensState {
  /** How many columns there is room for: the view says it. */
  readonly room: Signal<number>;
  readonly looked: Signal<LensHit | null>;
  readonly table: ReadonlySignal<LensTable | null>;
  readonly wishes: ReadonlySignal<
    readonly (Wish<"lens", LensRequest> | Wish<"direct", DirectRequest> | null)[]
  >;
  /** Moves the window, so that it begins at a token. */
  readonly move: (start: number) => void;
}

/** The window of tokens on show, what is asked for it, and what has come. */
export const lensOf = oneForEach(({ session }: View): LensState => {
  const room = signal(6);
  const looked = signal<LensHit | null>(null);
  // Where somebody has moved the window to, as long as the query stays.
  const moved = signal<{ readonly query: number; readonly start: number } | null>(null);
  const place = computed(() => lensPlace(session));
  const start = computed(() => {
    if (place.value === null) return 0;
    const { query, total } = place.value;
    const last = Math.max(0, total - room.value);
    if (moved.value?.query === query) return Math.max(0, Math.min(moved.value.start, last));
    return windowAround(query, total, room.value);
  });
  const positions = computed(() => {
    const count = Math.min(room.value, (place.value?.total ?? 0) - start.value);
    return Array.from({ length: Math.max(0, count) }, (_, index) => start.value + index);
  });
  return {
    room,
    looked,
    table: computed(() => {
      if (place.value === null) return null;
      const { query, total } = place.value;
      const columns = positions.value.map((position) => columnAt(session, position, total));
      const direct = session.memory.answer(directWish(session)).value ?? null;
      return { start: start.value, total, query, columns, direct };
    }),
    wishes: computed(() => {
      if (place.value === null) return [];
      const { query, total } = place.value;
      const asked = new Map<string, Wish<"lens", LensRequest>>();
      // The query first, whether it is in the window or not: the sentence above is about it.
      for (const position of [query, ...positions.value]) {
        const wish = lensWish(session, position, total);
        if (wish !== null && !asked.has(wish.key)) asked.set(wish.key, wish);
      }
      const [first, ...others] = [...asked.values()];
      return [first ?? null, directWish(session), ...others];
    }),
    move: (to) => {
      const query = place.peek()?.query;
      if (query !== undefined) moved.value = { query, start: to };
    },
  };
});
