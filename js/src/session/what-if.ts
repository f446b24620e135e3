import { chipOf, editsOn } from "../edits/chips";
import type { AskedAnswer, Edits, Look, OffEdit } from "../wire/types";

/** As in attnwidget/widget/selection/what_if.py. */
export const plainQuestion: AskedAnswer = { answer: null, rather: null, at: null };

export const noneOff: readonly OffEdit[] = [];

/** Edits from outside; what is none is left out. Whether one can be made, the kernel says. */
export function readEdits(value: unknown): Edits {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** A question from outside; what is not said, or cannot be, is as it is to begin with. */
export function readQuestion(value: unknown): AskedAnswer {
  const told = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const answer = (item: unknown) =>
    typeof item === "string" || (typeof item === "number" && Number.isInteger(item)) ? item : null;
  return {
    answer: answer(told.answer),
    rather: answer(told.rather),
    at: typeof told.at === "number" && Number.isInteger(told.at) ? told.at : null,
  };
}

/** Those that are of heads alone: they mean the same on another text. */
export function ofHeads(edits: Edits): Edits {
  return edits.filter((edit) => /^(silence|paint) /.test(chipOf(edit).text));
}

/** What a question about a text says of its edits, and of what is shown of it. */
export function editsAsked(
  edits: Edits,
  { shows }: Pick<Look, "shows">,
): { readonly edits?: Edits; readonly shows?: "difference" } {
  const on = editsOn(edits);
  if (on.length === 0 || shows === "before") return {};
  return { edits: on, ...(shows === "difference" ? { shows } : {}) };
}

/** What a question says of the answer that is asked about; nothing where that is what the model says itself. */
export function questionAsked(question: AskedAnswer): { readonly question?: AskedAnswer } {
  const { answer, rather, at } = question;
  return answer === null && rather === null && at === null ? {} : { question };
}
