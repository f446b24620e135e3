import { type Signal, signal } from "@preact/signals";
import type { Ask, Verification } from "../wire/types";

const idle = 1000;

/** The check against eager attention: once per model, on the first text that can be checked, when nothing else is going on. */
export class Verifier {
  readonly result: Signal<Verification | null> = signal(null);

  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  /** The text to check, or null while the kernel has better things to do. */
  readonly #text: () => string | null;
  /** The last text that was sent. One that is too long, or failed, leaves it to the next one. */
  #tried: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Ask, abort: AbortSignal, text: () => string | null) {
    this.#ask = ask;
    this.#abort = abort;
    this.#text = text;
    abort.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  plan(): void {
    if (this.result.peek() !== null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), idle);
  }

  async #run(): Promise<void> {
    const text = this.#text();
    if (text === null) return this.plan();
    if (text === this.#tried) return;
    this.#tried = text;
    const answer = await this.#ask({ kind: "verify", text });
    if (!this.#abort.aborted && answer.status === "ok") this.result.value = answer.reply;
  }
}
