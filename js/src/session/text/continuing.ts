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

/** The writing that is going on. */
interface Run {
  readonly life: AbortController;
  readonly field: FieldNumber;
  readonly before: string;
  /** The text as far as it has come. */
  written: string;
}

/** Tokens that are asked for at once. */
const some = 32;

/** Lets the model write on in the text, and knows what of the text it has written. */
export class Continuing {
  readonly running: Signal<boolean> = signal(false);
  readonly produced: Signal<Produced | null> = signal(null);
  readonly #ask: Ask;
  readonly #listener: Listener;
  #run: Run | null = null;
  #writing = false;

  constructor(ask: Ask, abort: AbortSignal, listener: Listener) {
    this.#ask = ask;
    this.#listener = listener;
    abort.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** Ends it there: what has come stays, and no more comes. */
  stop(): void {
    const run = this.#end();
    if (run !== null && run.written !== run.before) this.#tell(run.written, run.field, true);
  }

  /** A text has become another one: whoever else writes puts an end to it, and theirs stays. */
  follow(field: FieldNumber, from: string, to: string): void {
    if (this.#writing || from === to) return;
    this.#end();
    const known = this.produced.peek();
    if (known?.field === field) this.produced.value = producedAfter(known, from, to);
  }

  async go({ field, text, pair, edits }: Place): Promise<void> {
    this.stop();
    const [before, beside] = field === 0 ? [text, pair] : [pair, text];
    const run: Run = { life: new AbortController(), field, before, written: before };
    this.#run = run;
    this.running.value = true;
    // What was written there already, and still stands, is gone on with.
    const known = this.produced.peek();
    const same = known?.field === field && known.beside === beside && known.edits.join() === edits.join();
    const start = same && !known.stale && known.stop === before.length ? known.start : before.length;
    const take = (more: string, ended: boolean, last: boolean) => {
      run.written = before + more;
      this.produced.value = freshlyProduced(run.written, start, { field, beside, edits, ended });
      this.#tell(run.written, field, last);
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
        signal: run.life.signal,
        onPartial: ({ reply }) => {
          if (this.#run === run) take(reply.text, false, false);
        },
      },
    );
    // Somebody has put an end to it, and said what stays.
    if (this.#run !== run) return;
    if (answer.status === "ok") {
      this.#end();
      take(answer.reply.text, answer.reply.ended, true);
    } else this.stop();
    if (answer.status === "error") this.#listener.onProblem(answer.problem);
  }

  /** What was going on; null where nothing was. */
  #end(): Run | null {
    const run = this.#run;
    this.#run = null;
    this.running.value = false;
    run?.life.abort();
    return run;
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
