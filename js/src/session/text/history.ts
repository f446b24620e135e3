import type { Span } from "../../wire/types";
import type { FieldNumber } from "../axes";
import type { Leading } from "../lead";
import { type Change, changeOf } from "./rebase";

/** How a change came: letters and erased letters in a row are one step, and so is what comes from elsewhere with nobody writing between. */
export type Way = "typing" | "erasing" | "at once" | "elsewhere";

/** Which way one goes through what was done. */
export type Travel = "undo" | "redo";

interface Step extends Change {
  readonly field: FieldNumber;
  readonly way: Way;
  /** Which one it is of all steps of the session; they grow. */
  readonly number: number;
  /** The selection before it and after it. */
  readonly before: Span;
  readonly after: Span;
  /** What was looked at before it, where that was told. */
  readonly lead: Leading | undefined;
}

/** A text as it was once, and what was selected in it. */
export interface Place {
  readonly field: FieldNumber;
  readonly text: string;
  readonly span: Span;
  /** What was looked at there; undefined where the selection says it. */
  readonly lead: Leading | undefined;
}

/** UTF-16 units that are kept in all; the newest step is kept whatever its size. */
const MOST = 8_000_000;

/**
 * What can be taken back of the texts of a session, whoever wrote it. Not the browser's own undo: that one garbles, or
 * forgets, whatever a program sets between two keystrokes. Places are those of the texts.
 */
export class History {
  readonly #texts: [string, string];
  readonly #next: () => number;
  #done: Step[] = [];
  #undone: Step[] = [];
  #size = 0;

  /** `next` numbers steps, here and in other histories of the same session. */
  constructor(text: string, pair: string, next: () => number = () => 0) {
    this.#texts = [text, pair];
    this.#next = next;
  }

  /** A text has become another one. What was known before is compared, so nothing that was missed can garble it. */
  record(
    field: FieldNumber,
    text: string,
    way: Way,
    before?: Span,
    after?: Span,
    lead: Leading | undefined = undefined,
  ): void {
    const from = this.#texts[field];
    if (from === text) return;
    const last = this.#done.at(-1);
    const change = changeOf(from, text);
    const begin = before ?? ends(reversed(change));
    const end = after ?? ends(change);
    const number = this.#next();
    this.#texts[field] = text;
    this.#undone = [];
    if (last?.field === field && goesOn(last, change, way, begin)) {
      this.#drop(this.#done.pop());
      this.#push({
        ...changeOf(put(from, reversed(last)), text),
        field,
        way,
        number,
        before: last.before,
        after: end,
        lead: last.lead,
      });
    } else this.#push({ ...change, field, way, number, before: begin, after: end, lead });
  }

  /** A text that was written while another one came from elsewhere: it takes its place before that one. */
  slip(field: FieldNumber, text: string): void {
    const now = this.#texts[field];
    const last = this.#done.at(-1);
    if (last?.field === field && last.way === "elsewhere") {
      this.#drop(this.#done.pop());
      this.#go(field, reversed(last), last.before);
    }
    this.record(field, text, "at once");
    this.record(field, now, "elsewhere");
  }

  /** The number of the step that comes next; null where there is none. */
  next(way: Travel): number | null {
    return (way === "undo" ? this.#done : this.#undone).at(-1)?.number ?? null;
  }

  /** Whether the step that comes next is one with the step behind it: both texts came together. */
  isJoined(way: Travel): boolean {
    const [first, second] = (way === "undo" ? this.#done : this.#undone).slice(-2);
    return second !== undefined && first?.number === second.number;
  }

  undo(): Place | null {
    const step = this.#done.pop();
    if (step === undefined) return null;
    this.#undone.push(step);
    this.#drop(step);
    return this.#go(step.field, reversed(step), step.before, step.lead);
  }

  redo(): Place | null {
    const step = this.#undone.pop();
    if (step === undefined) return null;
    this.#done.push(step);
    this.#size += sizeOf(step);
    return this.#go(step.field, step, step.after);
  }

  #go(field: FieldNumber, change: Change, span: Span, lead?: Leading): Place {
    const text = put(this.#texts[field], change);
    this.#texts[field] = text;
    return { field, text, span, lead };
  }

  #push(step: Step): void {
    this.#done.push(step);
    this.#size += sizeOf(step);
    while (this.#size > MOST && this.#done.length > 1) this.#drop(this.#done.shift());
  }

  #drop(step: Step | undefined): void {
    if (step !== undefined) this.#size -= sizeOf(step);
  }
}

function sizeOf({ removed, inserted }: Change): number {
  return removed.length + inserted.length + 64;
}

function ends({ at, inserted }: Change): Span {
  return [at + inserted.length, at + inserted.length];
}

function reversed({ at, removed, inserted }: Change): Change {
  return { at, removed: inserted, inserted: removed };
}

function put(text: string, { at, removed, inserted }: Change): string {
  return text.slice(0, at) + inserted + text.slice(at + removed.length);
}

/** Whether a change belongs to the step before it. A word that begins is a step of its own. */
function goesOn(last: Step, change: Change, way: Way, [start, stop]: Span): boolean {
  if (way !== last.way || way === "at once") return false;
  if (way === "elsewhere") return true;
  if (start !== last.after[0] || start !== last.after[1]) return false;
  if (way === "typing") return start === stop && !begins(last.inserted, change.inserted);
  // Forwards or backwards: the one before the other.
  return change.at === last.at
    ? !begins(last.removed, change.removed)
    : !begins(reverse(last.removed), reverse(change.removed));
}

/** Whether a word begins between what was written, or erased, and what comes after it. */
function begins(before: string, after: string): boolean {
  return /\s$/.test(before) && /^\S/.test(after);
}

function reverse(text: string): string {
  return [...text].reverse().join("");
}
