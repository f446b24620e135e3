/** Edits in their text form, as attnwidget/engine/edits/notation.py reads them; one in brackets is switched off. */
export type Edits = readonly string[];

/** An edit that was left out, as the text has no such token or the model no such head, and the sentence that says so. */
export interface OffEdit {
  readonly edit: string;
  readonly why: string;
}

/** The answer that is asked about. */
export interface AskedAnswer {
  /** A token as text or by its number, or a class; null for what the model says itself. */
  readonly answer: string | number | null;
  /** Rather than what; null for anything else. */
  readonly rather: string | number | null;
  /** At which token; null for the last. */
  readonly at: number | null;
}

/** What is shown of a text with edits: it after them, it before them, or after minus before. */
export type Shows = "after" | "before" | "difference";
