import type { Session } from "../session/session";
import { rebase } from "../session/text/rebase";
import type { Direction, Header, Span, Tokens } from "../wire/types";
import { keysOf } from "./maps";
import { type Chips, type Segment, toChips, toMarks, toSegments } from "./marks";

/** One of the two text fields: the first has the text, the second a pair's other text or a target. */
export type FieldNumber = 0 | 1;

/** What a text field shows of the map. */
export interface Field {
  readonly segments: readonly Segment[];
  readonly chips: Chips;
  /** The tokens that stand here. */
  readonly tokens: Tokens | null;
  /** Whether the query is among them, and whether what it reads is, or what reads it. Both in a text that reads itself. */
  readonly asks: boolean;
  readonly answers: boolean;
}

/** `draft` is what stands in the control while nobody else knows of it. Reads signals. */
export function fieldOf(
  session: Session,
  direction: Direction,
  number: FieldNumber,
  draft: string | null = null,
): Field {
  const text = draft ?? session.traits[number === 0 ? "text" : "pair"].value;
  const shown = session.shown.value;
  if (shown === null) return { ...nothing, segments: plain(text) };
  const place = placeOf(shown.frame.header, direction, number);
  if (place === null) return { ...nothing, segments: plain(text) };
  const { tokens } = place;
  const inside = insideOf(tokens, number);
  const spans = tokens.spans.map((span, token): Span => (inside(token) ? span : [-1, -1]));
  const before = number === 0 ? shown.text : shown.pair;
  const segments = toSegments(text, toMarks(rebase(before, text, spans)));
  return { ...place, segments, chips: toChips({ ...tokens, spans }, inside) };
}

const nothing = { chips: { leading: [], trailing: [] }, tokens: null, asks: false, answers: false };

function plain(text: string): readonly Segment[] {
  return text === "" ? [] : [{ text, mark: null }];
}

function insideOf({ fields }: Tokens, number: FieldNumber): (token: number) => boolean {
  return (token) => (fields?.[token] ?? 0) === number;
}

/** Which of the axes has its tokens in a field. Where both do, that of the colours. */
function placeOf(
  header: Pick<Header, "tokens" | "key_tokens">,
  direction: Direction,
  number: FieldNumber,
): (Pick<Field, "asks" | "answers"> & { readonly tokens: Tokens }) | null {
  const { tokens } = header;
  const stand = (some: Tokens) => some.pieces.some((_, token) => insideOf(some, number)(token));
  if (header.key_tokens == null) return stand(tokens) ? { tokens, asks: true, answers: true } : null;
  const keys = keysOf(header);
  const [asked, others] = direction === "reads" ? [tokens, keys] : [keys, tokens];
  if (stand(others)) return { tokens: others, asks: false, answers: true };
  return stand(asked) ? { tokens: asked, asks: true, answers: false } : null;
}

/** Whether a caret in a field is a query of the part on show. Reads nothing: the newest frame is given. */
export function isAsked(header: Pick<Header, "tokens" | "key_tokens">, number: FieldNumber): boolean {
  return placeOf(header, "reads", number) !== null;
}

/** Whether there are two text fields. Reads signals. */
export function hasSecond({ traits, second, shown }: Session): boolean {
  return traits.pair.value !== "" || second.value || shown.value?.frame.header.texts?.[1] != null;
}
