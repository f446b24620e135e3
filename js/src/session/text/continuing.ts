import { type Signal, signal } from "@preact/signals";
import type { Ask, Problem } from "../../wire/types";
import type { FieldNumber } from "../axes";
import { freshlyProduced, type Produced, producedAfter } from "./produced";

/** Where the model writes on, and under which edits. */
export interface Place {
  readonly field: FieldNumber;
  readonly text: string;
  readonly pair: string;
  readonly edits: readonly string[];
}

interface Listener {
  /** So much of the text is written; `last` once no more comes. */
  readonly onText: (text: string, field: FieldNumber, last: boolean) => void;
  readonly onProblem: (problem: Problem) => void;
}

/** Tokens that are asked for at once. */
const some = 32;

/** Lets the model write on in the text, and knows what of the text it has written. */
export class Continuing {
  readonly running: Signal<boolean> = signal(false);
  readonly produced: Signal<Produced | null> = signal(null);
  readonly #ask: Ask;
  readonly #listener: Listener;
  readonly #abort: AbortSignal;
  #life: AbortController | null = null;
  #writing = false;

  constructor(ask: Ask, abort: AbortSignal, listener: Listener) {
    this.#ask = ask;
    this.#abort = abort;
    this.#listener = listener;
    abort.addEventListener("abort", () => this.stop(), { once: true });
  }

  /** Ends it there. */
  stop(): void {
    this.#life?.abort();
  }

  /** A text has become another one: whoever else writes puts an end to it. */
  follow(field: FieldNumber, from: string, to: string): void {
    if (this.#writing || from === to) return;
    this.stop();
    const known = this.produced.peek();
    if (known?.field === field) this.produced.value = producedAfter(known, from, to);
  }

  async go({ field, text, pair, edits }: Place): Promise<void> {
    this.stop();
    const life = new AbortController();
    this.#life = life;
    this.running.value = true;
    const before = field === 0 ? text : pair;
    // What was written there already, and still stands, is gone on with.
    const known = this.produced.peek();
    const goesOn = known?.field === field && !known.stale && known.stop === before.length;
    const start = goesOn && known.edits.join() === edits.join() ? known.start : before.length;
    let written = before;
    const take = (more: string, ended: boolean, last: boolean) => {
      written = before + more;
      this.produced.value = freshlyProduced(written, start, { field, edits, ended });
      this.#tell(written, field, last);
    };
    const answer = await this.#ask(
      {
        kind: "continue",
        text,
        ...(pair === "" ? {} : { pair }),
        ...(edits.length === 0 ? {} : { edits }),
        count: some,
      },
      {
        signal: life.signal,
        onPartial: ({ reply }) => {
          if (!life.signal.aborted) take(reply.text, false, false);
        },
      },
    );
    if (this.#life === life) {
      this.#life = null;
      this.running.value = false;
    }
    if (this.#abort.aborted) return;
    if (answer.status === "ok" && !life.signal.aborted) take(answer.reply.text, answer.reply.ended, true);
    else if (written !== before) this.#listener.onText(written, field, true);
    if (answer.status === "error") this.#listener.onProblem(answer.problem);
  }

  #tell(text: string, field: FieldNumber, last: boolean): void {
    this.#writing = true;
    try {
      this.#listener.onText(text, field, last);
    } finally {
      this.#writing = false;
    }
  }
}
