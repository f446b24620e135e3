import type { TimePlace, Tokens } from "../../../wire/types";

/** A word, or a token, that reads a sound. */
export interface Lane {
  readonly token: number;
  readonly label: string;
  /** When it is said, where that is known. */
  readonly said: TimePlace | null;
}

/** Which tokens have a lane: those of the text, and of the others the one that is the query. */
export function lanesOf(
  { special, pieces }: Pick<Tokens, "special" | "pieces">,
  labels: readonly string[],
  [start, stop]: readonly [number, number],
  said: (token: number) => TimePlace | null,
): readonly Lane[] {
  const found = [...pieces.keys()].filter(
    (token) => special[token] !== true || (token >= start && token < stop),
  );
  return found.map((token) => ({ token, label: labels[token] ?? "", said: said(token) }));
}

/** When each token is said: what `spoken` tells of its words, in the units that are shown. */
export function saidBy(
  spoken: readonly (readonly [number, number, number, number, string])[] | undefined,
  units: readonly (readonly [number, number])[] | null,
): (token: number) => TimePlace | null {
  if (spoken === undefined || spoken.length === 0) return () => null;
  return (token) => {
    const [first, end] = units?.[token] ?? [token, token + 1];
    const word = spoken.find(([start, stop]) => start < end && stop > first);
    return word === undefined ? null : [word[2], word[3]];
  };
}

/** Where a box of lanes begins that has a lane in it; where it is now if it has it. */
export function scrolledTo(place: number, row: number, top: number, height: number): number {
  if (place < 0) return top;
  const [upper, lower] = [place * row, (place + 1) * row];
  if (upper >= top && lower <= top + height) return top;
  return upper < top ? Math.max(0, upper - row) : lower + row - height;
}
