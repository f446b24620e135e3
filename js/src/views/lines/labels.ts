import type { Derived } from "../../focus/derived";
import { tone } from "../../lib/colour";
import { pieceLabel, signedWeight, weight } from "../../lib/format";
import { sideOf } from "../../session/places";
import type { Direction, Span } from "../../wire/types";
import type { LineEnd } from "./labels-scene";
import type { Strong } from "./picture";
import { type LinesFrame, seenIn } from "./scene";

/** What has a ring, on each side. */
export interface LineMarks {
  readonly focus: Readonly<Record<LineEnd["side"], Span>>;
  readonly pinned: Readonly<Record<LineEnd["side"], Span>>;
  readonly marked: Readonly<Record<LineEnd["side"], number | null>>;
}

const none: Span = [0, 0];
export const nowhere = { query: none, key: none } as const;
export const unmarked: LineMarks = { focus: nowhere, pinned: nowhere, marked: { query: null, key: null } };

/** Reads signals. `marked`: the token that is pointed out. */
export function lineMarks(derived: Derived, marked: number | null): LineMarks {
  const map = derived.map.value;
  const looks = derived.direction.value;
  const square = map?.square !== false;
  const on = (direction: Direction, span: Span) => {
    const here = (side: LineEnd["side"]) => (square || sideOf(direction) === side ? span : none);
    return { query: here("query"), key: here("key") };
  };
  const pointed = (side: LineEnd["side"]) => (square || sideOf(looks) !== side ? marked : null);
  return {
    focus: on(looks, derived.focus.value),
    pinned: map === null ? nowhere : on(map.direction, map.query),
    marked: { query: pointed("query"), key: pointed("key") },
  };
}

/** The tokens in sight, on either side. The other ends of the lines carry their weight, as tint and as a number. Reads signals. */
export function lineEnds(derived: Derived, frame: LinesFrame, strong: Strong, marks: LineMarks): LineEnd[] {
  const certain = derived.certain.value;
  return (["query", "key"] as const).flatMap((side) => {
    const pieces = (side === "key" ? derived.keys : derived.tokens).value?.pieces ?? [];
    const lines = strong[side === "key" ? "reads" : "read_by"];
    const sinks = new Set(lines?.kept.sinks);
    const kept = new Set([...(lines?.kept.tokens ?? []), ...sinks]);
    return seenIn(frame.columns[side]).map((token) => {
      const amount = lines?.weights[token] ?? 0;
      const focus = within(marks.focus[side], token);
      const query = within(marks.pinned[side], token);
      const marked = marks.marked[side] === token;
      return {
        side,
        token,
        text: pieceLabel(pieces[token] ?? ""),
        number: kept.has(token)
          ? certain
            ? (lines?.signed === true ? signedWeight : weight)(amount)
            : "…"
          : "",
        tone: lines === null ? 0 : tone(Math.abs(amount), lines.full),
        way: lines?.signed === true ? (amount < 0 ? "less" : "more") : null,
        sink: lines?.signed !== true && sinks.has(token),
        focus,
        query,
        marked,
        ring: focus ? 2 : query ? 1 : marked ? 1.5 : 0,
      };
    });
  });
}

function within([start, stop]: Span, token: number): boolean {
  return token >= start && token < stop;
}
