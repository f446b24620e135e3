import type { Span, Tokens } from "../wire/types";

/** A stretch of the text with the tokens that share it. */
export interface Mark {
  readonly tokens: readonly number[];
  readonly start: number;
  readonly stop: number;
}

/** Plain text between marks, or a mark with its text. White space at a mark's ends is plain: it carries no colour. */
export type Segment = { readonly text: string; readonly mark: Mark | null };

export interface Chips {
  readonly leading: readonly number[];
  readonly trailing: readonly number[];
}

/** Tokens -> marks. Spans that overlap (pieces of one character) become one mark. */
export function toMarks(spans: readonly Span[]): Mark[] {
  const order = spans
    .map((_, token) => token)
    .filter((token) => (spans[token]?.[1] ?? -1) > (spans[token]?.[0] ?? -1));
  order.sort((one, other) => (spans[one]?.[0] ?? 0) - (spans[other]?.[0] ?? 0) || one - other);
  const marks: Mark[] = [];
  for (const token of order) {
    const [start, stop] = spans[token] as Span;
    const last = marks.at(-1);
    if (last !== undefined && start < last.stop) {
      marks[marks.length - 1] = {
        tokens: [...last.tokens, token],
        start: last.start,
        stop: Math.max(last.stop, stop),
      };
    } else {
      marks.push({ tokens: [token], start, stop });
    }
  }
  return marks;
}

export function toSegments(text: string, marks: readonly Mark[]): Segment[] {
  const segments: Segment[] = [];
  let place = 0;
  const plain = (until: number) => {
    if (until > place) segments.push({ text: text.slice(place, until), mark: null });
    place = until;
  };
  for (const mark of marks) {
    const piece = text.slice(mark.start, mark.stop);
    const bare = piece.trim();
    const lead = bare === "" ? 0 : piece.length - piece.trimStart().length;
    const length = bare === "" ? piece.length : bare.length;
    plain(mark.start + lead);
    segments.push({ text: piece.slice(lead, lead + length), mark });
    place = mark.start + lead + length;
  }
  plain(text.length);
  return segments;
}

/** Special tokens that the text does not hold, before its first token and after its last; of those that stand `inside`. */
export function toChips(tokens: Tokens, inside: (token: number) => boolean = () => true): Chips {
  const inText = tokens.spans.map(([start]) => start >= 0);
  const first = inText.indexOf(true);
  const last = inText.lastIndexOf(true);
  const outside = inText.flatMap((written, token) =>
    written || tokens.padding[token] || !inside(token) ? [] : [token],
  );
  if (first === -1) return { leading: outside, trailing: [] };
  return {
    leading: outside.filter((token) => token < first),
    trailing: outside.filter((token) => token > last),
  };
}
