import { type Signal, signal } from "@preact/signals";
import type { Ask, TextsRequest, Verification } from "../../wire/types";

const idle = 1000;

/** The check against eager attention: once per model, on the first text that can be checked, when nothing else is going on. */
export class Verifier {
  readonly result: Signal<Verification | null> = signal(null);

  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  /** The texts to check, or null while the kernel has better things to do. */
  readonly #texts: () => TextsRequest | null;
  /** The last texts that were sent. One that is too long, or failed, leaves it to the next one. */
  #tried: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Ask, abort: AbortSignal, texts: () => TextsRequest | null) {
    this.#ask = ask;
    this.#abort = abort;
    this.#texts = texts;
    abort.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  plan(): void {
    if (this.result.peek() !== null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), idle);
  }

  async #run(): Promise<void> {
    const texts = this.#texts();
    if (texts === null) return this.plan();
    const asked = JSON.stringify(texts);
    if (asked === this.#tried) return;
    this.#tried = asked;
    const answer = await this.#ask({ kind: "verify", ...texts });
    if (this.#abort.aborted) return;
    if (answer.status === "ok") this.result.value = answer.reply;
    // Nobody has looked at them.
    else if (answer.status === "error" && answer.problem.code === "closed") this.#tried = null;
  }
}
