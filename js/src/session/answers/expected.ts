import type { ReadonlySignal } from "@preact/signals";
import type { PredictRequest } from "../../wire/texts";
import type { Predictions } from "../../wire/types";
import { type Shown, textsOf, unitsOf } from "../shown";
import { tokenOf } from "../units";
import type { Wish } from "./follow";
import { keyOf, type Memory } from "./memory";

/** What the model expects at the tokens that were looked at. Units count what is shown: of one, its last token is meant. */
export class Expected {
  readonly #memory: Memory;
  readonly #shown: ReadonlySignal<Shown | null>;

  constructor(memory: Memory, shown: ReadonlySignal<Shown | null>) {
    this.#memory = memory;
    this.#shown = shown;
  }

  /** What to ask for, where it is looked at. Reads signals. */
  wish(unit: number): Wish<"predict", PredictRequest> | null {
    const request = this.#request(unit);
    return request && { kind: "predict", key: request.key, request: request.asked };
  }

  /** Whether it is to be asked for. Reads signals. */
  wants(unit: number): boolean {
    const request = this.#request(unit);
    return request !== null && this.#memory.wants("predict", request.key);
  }

  async ask(unit: number, asker: string): Promise<void> {
    const request = this.#request(unit);
    if (request !== null) await this.#memory.ask("predict", request.key, { ...request.asked, asker });
  }

  /** Reads signals. */
  at(unit: number): Predictions | null {
    const request = this.#request(unit);
    if (request === null) return null;
    const found = this.#memory.get<Predictions | null>("predict", request.key) ?? null;
    return found === null || found.position === null ? found : { ...found, position: unit };
  }

  #request(unit: number) {
    const shown = this.#shown.value;
    if (shown === null) return null;
    const asked = {
      ...textsOf(shown),
      part: shown.frame.header.part,
      position: tokenOf(unitsOf(shown), unit),
    };
    return { asked, key: keyOf(asked, asked.position, asked.part) };
  }
}
