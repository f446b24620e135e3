import type { Replacement } from "../../wire/difference";
import type { Tokens } from "../../wire/types";

/** What was replaced, with the words around it in the text on show. */
export interface ReplacedInText extends Replacement {
  readonly lead: string;
  readonly trail: string;
}

/** More of them are only counted. */
const listed = 6;
/** Words on either side. */
const around = 3;
/** Characters on either side, for texts without spaces. */
const furthest = 28;

/** The first changes in their places, and how many are left out. Texts are those that the tokens stand in. */
export function replacedIn(
  replaced: readonly Replacement[],
  tokens: Tokens,
  texts: readonly string[],
): { readonly listed: readonly ReplacedInText[]; readonly more: number } {
  const words = replaced.length > 2 ? around - 2 : around;
  return {
    listed: replaced
      .slice(0, listed)
      .map((one) => ({ ...one, ...contextOf(one.second, tokens, texts, words) })),
    more: Math.max(0, replaced.length - listed),
  };
}

function contextOf(
  [start, stop]: readonly [number, number],
  { spans, fields }: Tokens,
  texts: readonly string[],
  words: number,
): { lead: string; trail: string } {
  const place = (token: number) => spans[token] ?? [-1, -1];
  // Where nothing stands any more, between the tokens around it.
  const anchor = stop > start ? start : Math.max(0, start - 1);
  const text = texts[fields?.[anchor] ?? 0] ?? "";
  const from = stop > start ? place(start)[0] : place(anchor)[1];
  const to = stop > start ? place(stop - 1)[1] : from;
  if (from < 0 || to < 0) return { lead: "", trail: "" };
  return { lead: lastWords(text.slice(0, from), words), trail: firstWords(text.slice(to), words) };
}

function lastWords(text: string, words: number): string {
  const near = text.slice(-furthest * 2).trimEnd();
  const found = near.split(/\s+/).slice(-words).join(" ").slice(-furthest);
  return found.length < text.trim().length ? `…${found}` : found;
}

function firstWords(text: string, words: number): string {
  const near = text.slice(0, furthest * 2);
  const found = near.trimStart().split(/\s+/).slice(0, words).join(" ").slice(0, furthest);
  const gap = /^\s/.test(near) ? " " : "";
  return gap + (found.length < text.trim().length ? `${found}…` : found);
}
