import { type Signal, signal } from "@preact/signals";
import type { Ask } from "../wire/types";
import { Expected } from "./answers/expected";
import { Memory } from "./answers/memory";
import { Pages } from "./answers/pages";
import { Previews } from "./answers/previews";
import { Tiles } from "./answers/tiles";
import type { Shown } from "./shown";

/** The frame that all views need, and what is asked for one view or another beside it, in one memory. */
export class Stores {
  readonly shown: Signal<Shown | null> = signal(null);
  /** Whether the other side has gone away. */
  readonly closed: Signal<boolean> = signal(false);
  readonly memory: Memory;
  readonly previews: Previews;
  readonly expected: Expected;
  readonly pages: Pages;
  readonly tiles: Tiles;
  #held = { text: "", number: 0 };

  constructor(ask: Ask, abort: AbortSignal, onAnswer: (same: boolean) => void) {
    this.memory = new Memory(ask, abort, this.closed, onAnswer);
    this.previews = new Previews(this.memory, this.shown);
    this.expected = new Expected(this.memory, this.shown);
    this.pages = new Pages(ask);
    this.tiles = new Tiles(this.memory, ask);
  }

  /** A short name of the text that is held, another one for every text that comes. */
  heldName(text: string): number {
    if (text !== this.#held.text) this.#held = { text, number: this.#held.number + 1 };
    return this.#held.number;
  }
}
