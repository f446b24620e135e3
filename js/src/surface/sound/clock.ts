import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { prefers } from "../../display/environment";

/** One sound that is listened to: where it is, and whether it runs. The element makes no noise before somebody asks. */
export class Clock {
  readonly playing: ReadonlySignal<boolean>;
  /** Whether it stands somewhere else than at its beginning. */
  readonly begun: ReadonlySignal<boolean>;
  /** Why it cannot be heard, in words. */
  readonly problem: Signal<string | null> = signal(null);
  readonly #playing: Signal<boolean> = signal(false);
  readonly #begun: Signal<boolean> = signal(false);
  readonly #audio: HTMLAudioElement;
  readonly #heard = new Set<(seconds: number) => void>();
  #request = 0;

  /** Everything ends with the signal, the file's address too. */
  constructor(file: Blob, abort: AbortSignal) {
    this.playing = this.#playing;
    this.begun = this.#begun;
    const url = URL.createObjectURL(file);
    const audio = new Audio(url);
    this.#audio = audio;
    const hear = (names: readonly string[], listener: () => void) => {
      for (const name of names) audio.addEventListener(name, listener, { signal: abort });
    };
    hear(["playing"], () => {
      this.#playing.value = true;
      this.#follow();
    });
    hear(["pause", "ended"], () => {
      this.#playing.value = false;
      cancelAnimationFrame(this.#request);
      this.#tell();
    });
    hear(["timeupdate", "seeked"], () => this.#tell());
    hear(["error"], () => {
      this.problem.value = "This browser cannot play this sound.";
    });
    abort.addEventListener(
      "abort",
      () => {
        audio.pause();
        cancelAnimationFrame(this.#request);
        this.#heard.clear();
        audio.removeAttribute("src");
        URL.revokeObjectURL(url);
      },
      { once: true },
    );
  }

  /** Told of every place on the way, until the signal. */
  follow(listener: (seconds: number) => void, signal: AbortSignal): void {
    this.#heard.add(listener);
    signal.addEventListener("abort", () => this.#heard.delete(listener), { once: true });
  }

  play(): void {
    if (this.#audio.ended) this.#audio.currentTime = 0;
    this.#audio.play().catch((error: unknown) => {
      // Stopped before it began is no failure.
      if (error instanceof Error && error.name === "AbortError") return;
      this.problem.value = "This browser did not play the sound. Press play once more.";
    });
  }

  pause(): void {
    this.#audio.pause();
  }

  /** Back to the beginning. */
  stop(): void {
    this.#audio.pause();
    this.#audio.currentTime = 0;
    this.#tell();
  }

  #tell(): void {
    const { currentTime, ended } = this.#audio;
    this.#begun.value = currentTime > 0 && !ended;
    for (const listener of this.#heard) listener(ended ? 0 : currentTime);
  }

  /** With every frame of the screen; where less motion is wished for, only as often as the sound tells by itself. */
  #follow(): void {
    cancelAnimationFrame(this.#request);
    if (prefers("prefers-reduced-motion: reduce")) return;
    const next = () => {
      this.#tell();
      if (this.#playing.peek()) this.#request = requestAnimationFrame(next);
    };
    this.#request = requestAnimationFrame(next);
  }
}
