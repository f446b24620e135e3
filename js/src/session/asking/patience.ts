import { type Signal, signal } from "@preact/signals";
import type { Progress } from "../../wire/types";

const patience = 1500;
/** Milliseconds without any word after which nobody may be there to give one. */
const quiet = 5000;

/** How long the newest question has been out, and how far the kernel is with it. */
export class Patience {
  readonly progress: Signal<Progress | null> = signal(null);
  /** True once it takes longer than people like to wait without a word. */
  readonly waiting: Signal<boolean> = signal(false);
  /** True once nothing at all has been heard for long, though a question is out. */
  readonly silent: Signal<boolean> = signal(false);
  /** Whether a question is out. */
  readonly out: Signal<boolean> = signal(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(abort: AbortSignal) {
    const stop = () => {
      clearTimeout(this.#timer);
      clearTimeout(this.#silence);
    };
    abort.addEventListener("abort", stop, { once: true });
  }

  begin(): void {
    this.out.value = true;
    this.#timer ??= setTimeout(() => {
      this.waiting.value = true;
    }, patience);
    this.#listen();
  }

  /** Whoever answers has said something, whatever it was about. */
  heard(): void {
    this.#hush();
    if (this.out.peek()) this.#listen();
  }

  /** Something newer came, though not the newest yet: whoever waits is not left without a word. */
  renew(): void {
    this.end();
    this.begin();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hush();
    this.out.value = false;
    this.waiting.value = false;
    this.progress.value = null;
  }

  #listen(): void {
    this.#silence ??= setTimeout(() => {
      this.silent.value = true;
    }, quiet);
  }

  #hush(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.silent.value = false;
  }
}
