import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Ask } from "../../wire/types";
import { type Shown, textsOf } from "../shown";

/** Files that are kept: those on show, and some that one goes back to. */
const most = 64;

/** What of a picture or a sound is a file. */
export type Medium = "picture" | "spectrogram" | "sound";

/** The files of pictures and sounds, by name: each is asked for once, whatever is changed in the computation meanwhile. */
export class Media {
  readonly #kind: Medium;
  readonly #ask: Ask;
  readonly #shown: ReadonlySignal<Shown | null>;
  readonly #kept = new Map<string, Signal<Blob | null>>();
  /** What was shown when a file was refused: it is asked for again beside another frame. */
  readonly #refused = new Map<string, string>();

  constructor(kind: Medium, ask: Ask, shown: ReadonlySignal<Shown | null>) {
    this.#kind = kind;
    this.#ask = ask;
    this.#shown = shown;
  }

  /** The file of what is on show; null until it is here. Reads signals. */
  of(name: string): Blob | null {
    const known = this.#kept.get(name);
    if (known !== undefined) return known.value;
    const shown = this.#shown.value;
    if (shown === null || this.#refused.get(name) === shown.id) return null;
    const made = signal<Blob | null>(null);
    this.#kept.set(name, made);
    this.#read(name, shown, made);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= most) break;
      this.#kept.delete(old);
    }
    return made.value;
  }

  #read(name: string, shown: Shown, made: Signal<Blob | null>): void {
    void this.#ask({ kind: this.#kind, name, ...textsOf(shown) }).then((answer) => {
      if (answer.status === "ok") {
        made.value = answer.reply;
        return;
      }
      this.#kept.delete(name);
      this.#refused.set(name, shown.id);
    });
  }
}
