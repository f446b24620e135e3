import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Turn } from "../../wire/types";

/** A text, and its turns where it is a conversation. */
interface Known {
  readonly text: string;
  readonly turns: readonly Turn[] | null;
}

/** The turns of the text that is written. The kernel finds them; until it has read a text they move with what is changed. */
export class Turns {
  readonly #known: Signal<Known>;

  constructor(text: string) {
    this.#known = signal({ text, turns: null });
  }

  get known(): ReadonlySignal<Known> {
    return this.#known;
  }

  /** The turns of a text that comes from the one that is known by some change. Reads signals. */
  of(text: string): readonly Turn[] | null {
    const { text: from, turns } = this.#known.value;
    return turnsAfter(turns, from, text);
  }

  /** Another text is written. */
  follow(text: string): void {
    const known = this.#known.peek();
    if (text !== known.text) this.#known.value = { text, turns: turnsAfter(known.turns, known.text, text) };
  }

  /** What the kernel says of a text, which may be an older one. */
  tell(text: string, turns: readonly Turn[] | null): void {
    const known = this.#known.peek();
    if (text === known.text) this.#known.value = { text, turns };
    else if (known.turns === null)
      this.#known.value = { ...known, turns: turnsAfter(turns, text, known.text) };
  }
}

/**
 * The turns after a change of what is said in one of them: that one grows or shrinks, those behind it move. Null where the
 * marks around turns were changed, or several turns: only the kernel can tell what has become of them.
 */
export function turnsAfter(turns: readonly Turn[] | null, from: string, to: string): readonly Turn[] | null {
  if (turns === null || from === to) return turns;
  const more = to.length - from.length;
  const changed = turns.findIndex(
    ({ start, stop }) =>
      stop - start + more >= 0 && to.startsWith(from.slice(0, start)) && to.endsWith(from.slice(stop)),
  );
  if (changed < 0) return null;
  return turns.map((turn, index) => {
    if (index < changed) return turn;
    const { role, begin, start, stop, end } = turn;
    if (index === changed) return { role, begin, start, stop: stop + more, end: end + more };
    return { role, begin: begin + more, start: start + more, stop: stop + more, end: end + more };
  });
}

/** The turn that a place in the text belongs to, which may be among its marks. */
export function turnAt(turns: readonly Turn[], place: number): number {
  const found = turns.findIndex(({ stop }) => place <= stop);
  return found < 0 ? turns.length - 1 : found;
}
