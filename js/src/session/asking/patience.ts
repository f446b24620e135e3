import { type Signal, signal } from "@preact/signals";
import type { Progress } from "../../wire/types";

const patience = 1500;

/** How long the newest question has been out, and how far the kernel is with it. */
export class Patience {
  readonly progress: Signal<Progress | null> = signal(null);
  /** True once it takes longer than people like to wait without a word. */
  readonly waiting: Signal<boolean> = signal(false);
  /** Whether a question is out. */
  readonly out: Signal<boolean> = signal(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(abort: AbortSignal) {
    abort.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  begin(): void {
    this.out.value = true;
    this.#timer ??= setTimeout(() => {
      this.waiting.value = true;
    }, patience);
  }

  /** Something newer came, though not the newest yet: whoever waits is not left without a word. */
  renew(): void {
    this.end();
    this.begin();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.out.value = false;
    this.waiting.value = false;
    this.progress.value = null;
  }
}
