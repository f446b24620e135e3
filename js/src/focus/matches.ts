import { fold } from "../lib/fold";
import { pieceLabel } from "../lib/format";
import { oneForEach } from "../lib/one-for-each";
import type { FieldNumber } from "../session/axes";
import type { Span } from "../wire/types";
import type { Field } from "./fields";
import type { Mark } from "./marks";

/** Something that was searched: the tokens of a text field that it stands on. */
export interface Match {
  readonly field: FieldNumber;
  readonly tokens: Span;
}

/** In the order of the text. `wanted` is a stretch of text however it is cut into tokens, or "#12": the token of that number. */
export function matchesIn(field: Field, number: FieldNumber, wanted: string): readonly Match[] {
  if (field.tokens === null || wanted.trim() === "") return [];
  const { marks, words, folded } = searched(field);
  const numbered = /^\s*#(\d+)\s*$/.exec(wanted)?.[1];
  if (numbered !== undefined) {
    const token = Number(numbered);
    const { leading, trailing } = field.chips;
    const here =
      [...leading, ...trailing].includes(token) || marks.some((mark) => mark.tokens.includes(token));
    return here ? [{ field: number, tokens: [token, token + 1] }] : [];
  }
  const { text } = fold(wanted);
  if (text.trim() === "") return [];
  const beside = (tokens: readonly number[]) =>
    tokens
      .filter((token) => bare(pieceLabel(field.tokens?.pieces[token])).startsWith(bare(text)))
      .map((token): Span => [token, token + 1]);
  const spans = [...beside(field.chips.leading), ...inText(), ...beside(field.chips.trailing)];
  return spans.map((tokens) => ({ field: number, tokens }));

  function inText(): Span[] {
    const found: Span[] = [];
    let mark = 0;
    for (let at = folded.text.indexOf(text); at !== -1; at = folded.text.indexOf(text, at + text.length)) {
      const start = folded.at[at] as number;
      const stop = folded.at[at + text.length] ?? words;
      while (mark < marks.length && (marks[mark] as Mark).stop <= start) mark++;
      const span = spanOf(marks, mark, stop);
      const last = found.at(-1);
      if (span !== null && (last?.[0] !== span[0] || last[1] !== span[1])) found.push(span);
    }
    return found;
  }
}

/** Of the marks from one on that begin before a place. */
function spanOf(marks: readonly Mark[], from: number, stop: number): Span | null {
  let [low, high] = [Number.POSITIVE_INFINITY, -1];
  for (let at = from; at < marks.length && (marks[at] as Mark).start < stop; at++)
    for (const token of (marks[at] as Mark).tokens) {
      low = Math.min(low, token);
      high = Math.max(high, token);
    }
  return high < 0 ? null : [low, high + 1];
}

/** The name of a special token without its brackets. */
function bare(label: string): string {
  return fold(label).text.replace(/[^\p{L}\p{N}]/gu, "");
}

/** The text of a field, ready to be searched: once for a field, not for every letter that is searched. */
const searched = oneForEach(({ segments }: Field) => {
  const marks: Mark[] = [];
  let words = 0;
  for (const { text, mark } of segments) {
    if (mark !== null) marks.push({ tokens: mark.tokens, start: words, stop: words + text.length });
    words += text.length;
  }
  return { marks, words, folded: fold(segments.map(({ text }) => text).join("")) };
});
