import type { ReadonlySignal } from "@preact/signals";
import { Delays } from "./delays";

/** Asks whether somebody is there again, now and then a few times more: a connection that comes back does not say so. */
export class Knocks {
  readonly #ask: () => Promise<void>;
  readonly #closed: ReadonlySignal<boolean>;
  readonly #delays: Delays;
  #out = false;

  constructor(ask: () => Promise<void>, closed: ReadonlySignal<boolean>, abort: AbortSignal) {
    this.#ask = ask;
    this.#closed = closed;
    this.#delays = new Delays(1000, 8, abort);
  }

  async begin(): Promise<void> {
    if (this.#out) return;
    this.#out = true;
    await this.#ask();
    this.#out = false;
    if (this.#closed.peek()) this.#delays.plan(() => void this.begin());
  }

  end(): void {
    this.#delays.end();
  }
}
