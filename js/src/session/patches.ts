// What a change of the selection brings with it where queries and keys are two texts. Pure.

import { wellFormed } from "../lib/format";
import type { About, Direction, Frame, FrameRequest, Span, TextsRequest, Traits } from "../wire/types";
import { type FieldNumber, isAsked } from "./axes";
import type { Side } from "./places";
import type { Synced } from "./traits";
import { toTokens, unitsFor } from "./units";

/** A caret, and the text field that it is in. */
export interface Caret {
  readonly span: Span;
  readonly field: FieldNumber;
}

/** What Python may set so that the caret no longer says what is looked at. */
export const moving: ReadonlySet<keyof Traits> = new Set(["text", "pair", "query", "direction", "part"]);

export function sameCaret(one: Caret | null, other: Caret): boolean {
  return one?.field === other.field && one.span[0] === other.span[0] && one.span[1] === other.span[1];
}

function isCrossing(frame: Frame | undefined): boolean {
  return frame?.header.key_tokens != null;
}

/** The query is of the text that was pointed at: it reads, or is read. */
export function queryPatch(
  frame: Frame | undefined,
  query: Span,
  side: Side | undefined,
): Pick<Traits, "query"> & Partial<Traits> {
  if (side === undefined || !isCrossing(frame)) return { query };
  return { query, direction: side === "query" ? "reads" : "read_by" };
}

/** The eye goes over to what it looked at most. */
export function directionPatch(frame: Frame | undefined, direction: Direction): Partial<Traits> {
  if (frame === undefined || !isCrossing(frame) || frame.header.direction === direction) return { direction };
  const weights = frame.header.direction === "reads" ? frame.row : frame.column;
  if (weights === null) return { direction };
  const partner = weights.indexOf(Math.max(...weights));
  return { direction, query: toTokens(unitsFor(frame, direction), [partner, partner + 1]) };
}

/** From a source's tokens to what reads them. */
export function partPatch(from: string, part: string): Partial<Traits> {
  return from === "encoder" && part === "cross" ? { part, direction: "read_by" } : { part };
}

/** A second text is to be written, or its field is closed. */
export function secondPatch(about: About | null, open: boolean): Partial<Traits> {
  const text = open ? {} : { pair: "" };
  if (about?.model.second !== "target") return text;
  return { ...text, part: open ? "cross" : "encoder", direction: "reads" };
}

/** The caret is the query where its text is one of the part's. */
export function askedAt(
  caret: Caret | null,
  frame: Frame | undefined,
  query: Span,
): Pick<FrameRequest, "caret" | "field" | "query"> {
  if (caret === null || (frame !== undefined && !isAsked(frame.header, caret.field))) return { query };
  return { caret: caret.span, ...(caret.field === 0 ? {} : { field: caret.field }) };
}

/** The texts that are written now, as a question has them. Reads signals. */
export function writtenTexts(traits: Synced["signals"]): TextsRequest {
  const pair = wellFormed(traits.pair.value);
  return { text: wellFormed(traits.text.value), ...(pair === "" ? {} : { pair }) };
}

/** A frame and its texts: those that were asked about, or of given weights their own. */
export function shownTexts(frame: Frame, { text, pair = "" }: TextsRequest) {
  return { text, pair, ...ownTexts(frame), frame };
}

export function ownTexts({ header }: Frame): Partial<Pick<Traits, "text" | "pair">> {
  return header.texts === undefined ? {} : { text: header.texts[0], pair: header.texts[1] ?? "" };
}
