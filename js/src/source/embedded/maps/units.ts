import type { Span, Tokens } from "../../../wire/types";
import type { SavedHeader } from "../saved";
import type { SquareMap } from "./vectors";

/** What rows and columns stand for: tokens, or words of several tokens, in `ranges`. */
export interface Units {
  readonly tokens: Tokens;
  /** Null where every unit is a token. */
  readonly ranges: readonly Span[] | null;
}

export function unitsShown(header: SavedHeader, words: boolean): Units {
  return words
    ? { tokens: header.words.tokens, ranges: header.words.ranges }
    : { tokens: header.frame.tokens, ranges: null };
}

/** The units that a range of tokens touches. */
export function unitsAround({ ranges }: Units, [start, stop]: Span): Span {
  if (ranges === null) return [start, stop];
  const unitOf = (token: number) => ranges.findIndex(([, end]) => token < end);
  return [unitOf(start), unitOf(stop - 1) + 1];
}

/** A map of tokens -> a map of words: summed over the keys of a word, its mean over the queries. */
export function byWords({ size, values }: SquareMap, ranges: readonly Span[]): SquareMap {
  const words = ranges.length;
  const found = new Float32Array(words * words);
  ranges.forEach(([first, beyond], row) => {
    ranges.forEach(([start, stop], column) => {
      let sum = 0;
      for (let query = first; query < beyond; query++) {
        for (let key = start; key < stop; key++) sum += values[query * size + key] as number;
      }
      found[row * words + column] = sum / (beyond - first);
    });
  });
  return { size: words, values: found };
}
