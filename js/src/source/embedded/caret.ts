import type { Span, Tokens } from "../../wire/types";

/** The tokens that a caret or selection in a text field means: attnwidget/frames/caret.py, in the units that spans already have. */
export function tokensAt({ spans, fields }: Tokens, [from, to]: Span, field: number): Span {
  const caret = from === to;
  const low = caret ? Math.max(0, from - 1) : Math.min(from, to);
  const high = caret ? low + 1 : Math.max(from, to);
  const real = spans
    .map((_, token) => token)
    .filter((token) => begin(spans, token) >= 0 && (fields?.[token] ?? 0) === field);
  const touched = real.filter((token) => begin(spans, token) < high && end(spans, token) > low);
  const first = touched[0];
  if (first !== undefined) return [first, (touched.at(-1) ?? first) + 1];
  const nearest = real.findLast((token) => end(spans, token) <= low) ?? real[0] ?? 0;
  return [nearest, nearest + 1];
}

/** A query inside a text of `size` tokens; negative numbers count from its end. */
export function clamped([from, to]: Span, size: number): Span {
  const [start, stop] = from < 0 ? [from + size, to <= 0 ? to + size : to] : [from, to];
  const first = Math.min(Math.max(start, 0), size - 1);
  return [first, Math.min(Math.max(stop, first + 1), size)];
}

function begin(spans: readonly Span[], token: number): number {
  return spans[token]?.[0] ?? -1;
}

function end(spans: readonly Span[], token: number): number {
  return spans[token]?.[1] ?? -1;
}
