const longest = 30_000;

/** Something that is tried again, after ever longer delays. */
export class Delays {
  readonly #first: number;
  readonly #most: number;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `first` in milliseconds, `most` tries until `end`. */
  constructor(first: number, most: number, abort: AbortSignal) {
    this.#first = first;
    this.#most = most;
    abort.addEventListener("abort", () => this.end(), { once: true });
  }

  get planned(): boolean {
    return this.#timer !== undefined;
  }

  /** Plans it, unless it is planned already. */
  plan(action: () => void): void {
    if (this.#timer !== undefined || this.#tries >= this.#most) return;
    const delay = Math.min(longest, this.#first * 2 ** this.#tries++);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      action();
    }, delay);
  }

  /** It went well: the next delay is the first again. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tries = 0;
  }
}
