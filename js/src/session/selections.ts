import type { Traits } from "../wire/types";
import type { Way as TextWay, Travel } from "./text/history";
import { same } from "./traits";

/** What is chosen: all that one goes back to together. What is chosen besides one day is one more name here. */
export const chosen = [
  "layer",
  "head",
  "heads",
  "query",
  "direction",
  "part",
  "view",
  "filter",
  "look",
  "edits",
  "question",
] as const satisfies readonly (keyof Traits)[];

export function isChosen(name: keyof Traits): boolean {
  return (chosen as readonly string[]).includes(name);
}

/** A selection, and the texts of which it was one. */
export type Selection = Readonly<Pick<Traits, (typeof chosen)[number] | "text" | "pair">>;

/** How a choice came: in a row with others, as a step of its own, or from elsewhere, where it may only follow from what was done here. */
export type Way = "choosing" | Extract<TextWay, "at once" | "elsewhere">;

interface Step {
  readonly selection: Selection;
  /** Which one it is of all steps of the session; they grow. */
  readonly number: number;
}

/** Milliseconds: what follows sooner belongs to the same step, as when keys lead through many heads. */
const rest = 500;

/** More are never gone back. */
const most = 100;

/**
 * The selections that were left, whoever changed them, one for every rest of the hand. It keeps what was there before, and
 * is told what is there now.
 */
export class Selections {
  readonly #next: () => number;
  readonly #clock: () => number;
  #done: Step[] = [];
  #undone: Step[] = [];
  #touched = Number.NEGATIVE_INFINITY;
  /** Whether nothing that is chosen here belongs to the newest step any more. */
  #whole = false;

  /** `next` numbers steps, here and in other histories of the same session. */
  constructor(next: () => number, clock: () => number) {
    this.#next = next;
    this.#clock = clock;
  }

  /** Something else is about to be chosen, or was just now `elsewhere`. */
  leave(selection: Selection, way: Way = "choosing"): void {
    const now = this.#clock();
    const joins = way === "elsewhere" || (way === "choosing" && !this.#whole);
    const belongs = joins && now - this.#touched < rest;
    this.#touched = now;
    if (belongs) return;
    this.#whole = way === "at once";
    this.#undone = [];
    this.#done.push({ selection, number: this.#next() });
    if (this.#done.length > most) this.#done.shift();
  }

  /** The step that comes next, and what it would change: what changes nothing is passed over. */
  next(way: Travel, now: Selection): { readonly number: number; readonly patch: Partial<Traits> } | null {
    return this.#find(way, now);
  }

  /** Takes it; `texts` are those that come with it. */
  go(way: Travel, now: Selection, texts: Partial<Selection> = {}): Partial<Traits> | null {
    const found = this.#find(way, { ...now, ...texts });
    if (found === null) return null;
    const [from, to] = way === "undo" ? [this.#done, this.#undone] : [this.#undone, this.#done];
    from.splice(found.index);
    to.push({ selection: now, number: found.number });
    this.#touched = this.#clock();
    this.#whole = true;
    return found.patch;
  }

  #find(way: Travel, now: Selection) {
    const steps = way === "undo" ? this.#done : this.#undone;
    for (const [index, { selection, number }] of [...steps.entries()].reverse()) {
      const patch = changeTo(selection, now);
      if (Object.keys(patch).length > 0) return { index, number, patch };
    }
    return null;
  }
}

/** What has to change. A query counts tokens: of other texts it means nothing. */
function changeTo(selection: Selection, now: Selection): Partial<Traits> {
  const elsewhere = selection.text !== now.text || selection.pair !== now.pair;
  const names = chosen.filter(
    (name) => !(name === "query" && elsewhere) && !same(selection[name], now[name]),
  );
  return Object.fromEntries(names.map((name) => [name, selection[name]]));
}

const words: Readonly<Partial<Record<keyof Traits, string>>> = {
  layer: "head",
  heads: "head",
  edits: "what if",
};

/** What a change is of, in words. */
export function namesOf(patch: Partial<Traits>): string {
  return [...new Set((Object.keys(patch) as (keyof Traits)[]).map((name) => words[name] ?? name))].join(", ");
}
