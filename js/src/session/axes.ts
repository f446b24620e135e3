import type { Direction, Header, Tokens } from "../wire/types";

type Axes = Pick<Header, "tokens" | "key_tokens">;

/** The tokens that are read. */
export function keysOf({ tokens, key_tokens }: Axes): Tokens {
  return key_tokens ?? tokens;
}

/** The tokens along the axis of a query that looks in a direction; of a text that reads itself, all. */
export function askedOf(header: Axes, direction: Direction): Tokens {
  return direction === "reads" ? header.tokens : keysOf(header);
}

/** The tokens that it reads, or that read it. */
export function othersOf(header: Axes, direction: Direction): Tokens {
  return direction === "reads" ? keysOf(header) : header.tokens;
}

/** One of the two text fields: the first has the text, the second a pair's other text or a target. */
export type FieldNumber = 0 | 1;

/** The tokens that stand in a text field. */
export interface Standing {
  readonly tokens: Tokens;
  /** Whether the query is among them, and whether what it reads is, or what reads it. Both in a text that reads itself. */
  readonly asks: boolean;
  readonly answers: boolean;
}

/** Whether a token stands in a field. */
export function insideOf({ fields }: Tokens, number: FieldNumber): (token: number) => boolean {
  return (token) => (fields?.[token] ?? 0) === number;
}

/** Which of the axes has its tokens in a field. Where both do, that of the colours. */
export function placeOf(header: Axes, direction: Direction, number: FieldNumber): Standing | null {
  const { tokens } = header;
  const stand = (some: Tokens) => some.pieces.some((_, token) => insideOf(some, number)(token));
  if (header.key_tokens == null) return stand(tokens) ? { tokens, asks: true, answers: true } : null;
  const keys = keysOf(header);
  const [asked, others] = direction === "reads" ? [tokens, keys] : [keys, tokens];
  if (stand(others)) return { tokens: others, asks: false, answers: true };
  return stand(asked) ? { tokens: asked, asks: true, answers: false } : null;
}

/** Whether a caret in a field is a query of the part on show. Reads nothing: the newest frame is given. */
export function isAsked(header: Axes, number: FieldNumber): boolean {
  return placeOf(header, "reads", number) !== null;
}
