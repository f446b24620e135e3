import type { Match } from "../../focus/matches";
import { grouped } from "../../lib/format";
import type { FieldNumber } from "../../session/axes";

/** Where somebody is: a token of a text field. */
export interface Place {
  readonly field: FieldNumber;
  readonly token: number;
}

/** The number of the first match from a place on, else of the first one of all; null where there is none. */
export function firstFrom(matches: readonly Match[], from: Place | null): number | null {
  if (matches.length === 0) return null;
  if (from === null) return 0;
  const found = matches.findIndex(
    ({ field, tokens }) => field > from.field || (field === from.field && tokens[1] > from.token),
  );
  return Math.max(0, found);
}

/** The match after one, or before it; from the last on to the first. */
export function step(count: number, match: number | null, by: 1 | -1): number | null {
  if (count === 0) return null;
  if (match === null) return by === 1 ? 0 : count - 1;
  return (match + by + count) % count;
}

/** "3 of 12" */
export function countOf(matches: readonly Match[], match: number | null, wanted: string): string {
  if (wanted.trim() === "") return "";
  if (matches.length === 0) return "not found";
  const all = grouped(matches.length);
  return match === null || match >= matches.length ? `${all} found` : `${grouped(match + 1)} of ${all}`;
}
