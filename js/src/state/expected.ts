import type { ReadonlySignal } from "@preact/signals";
import type { Ask, Predictions } from "../wire/types";
import { type Cache, createCache } from "./cache";
import { predictionKey } from "./keys";
import { type Shown, textsOf, unitsOf } from "./shown";
import { tokenOf } from "./units";

const kept = 96;

/** What the model expects at the tokens that were looked at. */
export class Expected {
  readonly known: Cache<Predictions | null> = createCache(kept);

  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #shown: ReadonlySignal<Shown | null>;

  constructor(ask: Ask, abort: AbortSignal, shown: ReadonlySignal<Shown | null>) {
    this.#ask = ask;
    this.#abort = abort;
    this.#shown = shown;
  }

  /** At a unit of what is shown: at its last token. */
  async ask(unit: number): Promise<void> {
    const shown = this.#shown.peek();
    if (shown === null) return;
    const position = tokenOf(unitsOf(shown), unit);
    const key = predictionKey(shown, position);
    if (this.known.has(key)) return;
    const { part } = shown.frame.header;
    const answer = await this.#ask({ kind: "predict", ...textsOf(shown), part, position });
    if (!this.#abort.aborted && answer.status === "ok") this.known.put(key, answer.reply);
  }

  /** Reads signals. */
  at(unit: number): Predictions | null {
    const shown = this.#shown.value;
    if (shown === null) return null;
    const key = predictionKey(shown, tokenOf(unitsOf(shown), unit));
    const found = this.known.entries.value.get(key) ?? null;
    return found === null || found.position === null ? found : { ...found, position: unit };
  }
}
