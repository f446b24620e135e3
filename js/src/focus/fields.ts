import { type FieldNumber, insideOf, placeOf, type Standing } from "../session/axes";
import type { Session } from "../session/session";
import { rebase } from "../session/text/rebase";
import type { Direction, Span, Tokens } from "../wire/types";
import { type Chips, type Segment, toChips, toMarks, toSegments } from "./marks";
import type { Local } from "./pointer";
import { type TurnField, turnFields } from "./turns";

/** What a text field shows of the map. Before there is one, no tokens. */
export interface Field extends Omit<Standing, "tokens"> {
  readonly segments: readonly Segment[];
  readonly chips: Chips;
  readonly tokens: Tokens | null;
  /** Of a conversation, which is written turn by turn. */
  readonly turns: readonly TurnField[] | null;
}

/** `draft` is what stands in the control while nobody else knows of it, `folded` says which turns are. Reads signals. */
export function fieldOf(
  session: Session,
  direction: Direction,
  number: FieldNumber,
  draft: string | null = null,
  folded: (role: string) => boolean = () => false,
): Field {
  const text = draft ?? session.traits[number === 0 ? "text" : "pair"].value;
  const turns = number === 0 ? session.turns.of(text) : null;
  const divided = (segments: readonly Segment[]) => ({
    segments,
    turns: turns === null ? null : turnFields(segments, turns, folded),
  });
  const shown = session.shown.value;
  if (shown === null) return { ...nothing, ...divided(plain(text)) };
  const place = placeOf(shown.frame.header, direction, number);
  if (place === null) return { ...nothing, ...divided(plain(text)) };
  const { tokens } = place;
  const inside = insideOf(tokens, number);
  const spans = tokens.spans.map((span, token): Span => (inside(token) ? span : [-1, -1]));
  const before = number === 0 ? shown.text : shown.pair;
  const segments = toSegments(text, toMarks(rebase(before, text, spans)));
  return { ...place, ...divided(segments), chips: toChips({ ...tokens, spans }, inside) };
}

/** What stands in the first text, whoever knows of it. Reads signals. */
export function writtenIn({ drafts }: Local, { traits }: Session): string {
  return drafts[0].value ?? traits.text.value;
}

const nothing = { chips: { leading: [], trailing: [] }, tokens: null, asks: false, answers: false };

function plain(text: string): readonly Segment[] {
  return text === "" ? [] : [{ text, mark: null }];
}

/** What stands in a field: a text, or what is read in its place. The keys are in the first, queries of another text in the second. Reads signals. */
export function standsIn(
  { about, shown }: Session,
  number: FieldNumber,
): "text" | "picture" | "sound" | "graph" {
  const reads = about.value?.model.reads ?? ["text"];
  if (number === 0 && reads.includes("picture") && !reads.includes("text")) return "picture";
  if (number === 0 && reads.includes("sound") && !reads.includes("text")) return "sound";
  const header = shown.value?.frame.header;
  const tokens = number === 0 ? (header?.key_tokens ?? header?.tokens) : header?.key_tokens && header.tokens;
  if (tokens?.nodes !== undefined) return "graph";
  if (tokens?.times !== undefined && (header?.sounds?.length ?? 0) > 0) return "sound";
  return tokens?.places !== undefined && (header?.pictures?.length ?? 0) > 0 ? "picture" : "text";
}

/** Whether pictures stand above the columns: where a text would, or beside it. Reads signals. */
export function isPictured(session: Session): boolean {
  if (standsIn(session, 0) !== "text" || standsIn(session, 1) !== "text") return true;
  const header = session.shown.value?.frame.header;
  const told = [header?.tokens, header?.key_tokens].some((tokens) => tokens?.placeholders !== undefined);
  return told && (header?.pictures?.length ?? 0) > 0;
}

/** Whether there are two text fields. Reads signals. */
export function hasSecond({ traits, second, shown }: Session): boolean {
  return traits.pair.value !== "" || second.value || shown.value?.frame.header.texts?.[1] != null;
}
