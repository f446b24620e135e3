import type { Direction, Frame, Span } from "../wire/types";

/** The tokens of every unit where words are shown; null where each unit is a token. */
export type Units = readonly Span[] | null;

/** The units of the queries; of two texts, of those that look in a direction. */
export function unitsFor({ header }: Frame, direction: Direction): Units {
  const keys = header.key_tokens != null && direction === "read_by";
  return (keys ? header.key_units : header.units) ?? null;
}

/** The units that a range of tokens touches. */
export function toUnits(units: Units, [start, stop]: Span): Span {
  return units === null ? [start, stop] : [unitOf(units, start), unitOf(units, stop - 1) + 1];
}

/** The unit that a token is in. */
export function unitOf(units: Units, token: number): number {
  if (units === null) return token;
  const found = units.findIndex(([, end]) => token < end);
  return found === -1 ? units.length - 1 : found;
}

/** The tokens of a range of units. */
export function toTokens(units: Units, [start, stop]: Span): Span {
  if (units === null) return [start, stop];
  const first = units[Math.max(0, Math.min(start, units.length - 1))];
  const last = units[Math.max(0, Math.min(stop, units.length) - 1)];
  return [first?.[0] ?? 0, last?.[1] ?? 1];
}

/** The token that speaks for a unit: its last one, which has read the others. */
export function tokenOf(units: Units, unit: number): number {
  return toTokens(units, [unit, unit + 1])[1] - 1;
}

/** How many tokens there are. */
export function tokenCount(units: Units, shown: number): number {
  return units === null ? shown : (units.at(-1)?.[1] ?? 0);
}
