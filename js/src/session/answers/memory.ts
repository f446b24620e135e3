import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { lost } from "../../wire/problem";
import type { Answer, Ask, Ok, Progress, Replies, TextsRequest } from "../../wire/types";
import { weigh } from "./weigh";

/** What is asked about a reading beside its frame. */
export type Kind = Exclude<
  keyof Replies,
  | "about"
  | "frame"
  | "verify"
  | "page"
  | "still"
  | "chart"
  | "bokeh"
  | "picture"
  | "spectrogram"
  | "sound"
  | "upload"
>;

/** Bytes that are kept in all: the maps of as many heads as are drawn at once, at their largest, and what is beside them. */
const most = 48 * 2 ** 20;

/** Milliseconds until something is asked again, twice as long each time up to a last one: what gave way, and what failed. */
const soon = [150, 1200] as const;
const later = [1000, 30_000] as const;

const delay = ([first, last]: readonly [number, number], times: number) => Math.min(last, first * 2 ** times);

/** What only another frame can change: it would be refused again. */
const settled: ReadonlySet<string> = new Set(["bad_request", "empty", "too_long", "too_large"]);

/** What whoever asks may add. */
interface Asking<Reply> {
  /** What becomes of the answer; else it is put away. */
  readonly keep?: ((reply: Reply) => void) | undefined;
  /** Lets go of the question. */
  readonly signal?: AbortSignal | undefined;
  /** Whether parts of the answer are worth seeing before the whole is there. */
  readonly parts?: boolean | undefined;
}

interface Kept {
  readonly reading: string;
  readonly value: unknown;
  readonly bytes: number;
}

interface Miss {
  /** Null for what only gave way. */
  readonly message: string | null;
  /** How often it failed. */
  readonly failed: number;
  /** How often it gave way since anything was answered: then there is room again. */
  yielded: number;
  /** Whether it may be asked again. */
  due: boolean;
}

/** Names what was asked about a reading: its own name, and the small things that were asked. Never the text. */
export function keyOf({ reading = "" }: TextsRequest, ...asked: readonly unknown[]): string {
  return `${reading}\n${JSON.stringify(asked)}`;
}

function nameOf(kind: Kind, key: string): string {
  return `${kind}\n${key}`;
}

/** Whether an answer is about another reading than what was asked about. */
function isStrange(answer: Ok<unknown>, { reading }: TextsRequest): boolean {
  return reading !== undefined && (answer.reading ?? reading) !== reading;
}

function readingOf(key: string): string {
  return key.slice(0, key.indexOf("\n"));
}

/**
 * All that was answered about what is shown: one store, bounded in bytes, of one reading. What failed or gave way is asked
 * again after a while by whoever still wants it; a kernel that went away has refused nothing.
 */
export class Memory {
  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #closed: ReadonlySignal<boolean>;
  /** Whether an answer was about what was asked: else the model, or the text, is read as something else now. */
  readonly #onAnswer: (same: boolean) => void;
  readonly #most: number;
  /** In the order in which they were last looked at. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  /** What is shown; before there is anything, no answer is too late. */
  #reading: string | undefined;
  readonly #out = new Set<string>();
  /** What there is of answers that are not whole yet. */
  readonly #parts = new Map<string, unknown>();
  /** How far the kernel is with what is out. */
  readonly #progress = new Map<string, Progress>();
  readonly #missed = new Map<string, Miss>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #revisions = new Map<Kind, Signal<number>>();

  constructor(
    ask: Ask,
    abort: AbortSignal,
    closed: ReadonlySignal<boolean> = signal(false),
    onAnswer: (same: boolean) => void = () => {},
    limit = most,
  ) {
    this.#ask = ask;
    this.#abort = abort;
    this.#closed = closed;
    this.#onAnswer = onAnswer;
    this.#most = limit;
    abort.addEventListener("abort", () => this.#forgetTimers(), { once: true });
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Grows whenever there is something new of a kind, or something may be asked again. Reads signals. */
  revision(kind: Kind): number {
    return this.#revision(kind).value;
  }

  /** Reads signals. */
  get<Value>(kind: Kind, key: string): Value | undefined {
    this.revision(kind);
    return this.peek(kind, key);
  }

  peek<Value>(kind: Kind, key: string): Value | undefined {
    const name = nameOf(kind, key);
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return kept.value as Value;
  }

  /** The same, or what there is of it while the whole is on its way. Reads signals. */
  part<Value>(kind: Kind, key: string): Value | undefined {
    return this.get<Value>(kind, key) ?? (this.#parts.get(nameOf(kind, key)) as Value | undefined);
  }

  /** How far the kernel is with it; null where it has not said. Reads signals. */
  progress(kind: Kind, key: string): Progress | null {
    this.revision(kind);
    return this.#progress.get(nameOf(kind, key)) ?? null;
  }

  /** What there is of a wish, and why there is no more. Reads signals. */
  answer<K extends Kind>(wish: { readonly kind: K; readonly key: string } | null) {
    const value = wish === null ? undefined : this.get<Replies[K]>(wish.kind, wish.key);
    return { value, problem: wish === null ? null : this.problem(wish.kind, wish.key) };
  }

  /** Why it cannot be had, for now. Reads signals. */
  problem(kind: Kind, key: string): string | null {
    this.revision(kind);
    if (this.#closed.value) return lost;
    return this.#missed.get(nameOf(kind, key))?.message ?? null;
  }

  /** Whether it is to be asked for. Reads signals. */
  wants(kind: Kind, key: string): boolean {
    this.revision(kind);
    return !this.#closed.value && this.#isFree(nameOf(kind, key));
  }

  /** Whether a question of a kind is out. */
  busy(kind: Kind): boolean {
    return [...this.#out].some((name) => name.startsWith(nameOf(kind, "")));
  }

  /** Whether just this question is out. */
  isOut(kind: Kind, key: string): boolean {
    return this.#out.has(nameOf(kind, key));
  }

  put(kind: Kind, key: string, value: unknown): void {
    const name = nameOf(kind, key);
    this.#drop(name);
    const bytes = weigh(value);
    this.#kept.set(name, { reading: readingOf(key), value, bytes });
    this.#bytes += bytes;
    // The newest stays, however large.
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most || this.#kept.size === 1) break;
      this.#drop(oldest);
    }
    this.#revision(kind).value++;
  }

  /** Asks, unless it is there, on its way, or failed a moment ago. A cancelled question may be asked again at once. */
  async ask<K extends Kind>(
    kind: K,
    key: string,
    request: TextsRequest & object,
    { keep, signal, parts }: Asking<Replies[K]> = {},
  ): Promise<void> {
    const name = nameOf(kind, key);
    if (!this.#isFree(name)) return;
    this.#out.add(name);
    // Another reading is shown by now: of the older one nothing is kept, and nothing it says is about this one.
    const late = () => this.#reading !== undefined && readingOf(key) !== this.#reading;
    const onPartial = (part: Ok<unknown>) => {
      if (this.#abort.aborted || !this.#out.has(name) || late() || isStrange(part, request)) return;
      this.#parts.set(name, part.reply);
      this.#revision(kind).value++;
    };
    const onProgress = (progress: Progress) => {
      if (this.#abort.aborted || !this.#out.has(name) || late()) return;
      this.#progress.set(name, progress);
      this.#revision(kind).value++;
    };
    const asking = { signal, onProgress, ...(parts && { onPartial }) };
    const answer = (await this.#ask({ kind, ...request } as never, asking)) as Answer<Replies[K]>;
    this.#out.delete(name);
    this.#progress.delete(name);
    if (this.#abort.aborted) return;
    // What only gave way is as true as before.
    if (answer.status !== "superseded") this.#parts.delete(name);
    const letGo = answer.status === "superseded" && signal?.aborted === true;
    batch(() => {
      if (!late() && !letGo)
        this.#settle(kind, name, answer, request, keep ?? ((reply) => this.put(kind, key, reply)));
      this.#revision(kind).value++;
    });
  }

  /** A new frame: what is of another reading goes, and what was refused may be asked again. */
  turn(reading: string): void {
    if (reading !== this.#reading) this.#parts.clear();
    this.#reading = reading;
    for (const [name, kept] of this.#kept) if (kept.reading !== reading) this.#drop(name);
    this.retry();
  }

  /** Everything that failed may be asked again at once. */
  retry(): void {
    this.#forgetTimers();
    this.#missed.clear();
    batch(() => {
      for (const revision of this.#revisions.values()) revision.value++;
    });
  }

  #settle<K extends Kind>(
    kind: K,
    name: string,
    answer: Answer<Replies[K]>,
    request: TextsRequest,
    put: (reply: Replies[K]) => void,
  ): void {
    const { status } = answer;
    const { failed, yielded } = this.#missed.get(name) ?? { failed: 0, yielded: 0 };
    if (status === "changed" || (status === "ok" && isStrange(answer, request))) {
      // A new frame follows, and everything is asked of that.
      this.#miss(kind, name, null, 0, 0);
      this.#onAnswer(false);
    } else if (status === "ok") {
      this.#missed.delete(name);
      for (const miss of this.#missed.values()) miss.yielded = 0;
      this.#onAnswer(true);
      put(answer.reply);
    } else if (status === "superseded") {
      this.#miss(kind, name, null, failed, yielded + 1, delay(soon, yielded));
    } else if (answer.problem.code !== "closed") {
      const { code, message } = answer.problem;
      this.#miss(kind, name, message, failed + 1, 0, settled.has(code) ? 0 : delay(later, failed));
    }
  }

  /** Without `wait`, only another frame lets it be asked again. */
  #miss(kind: Kind, name: string, message: string | null, failed: number, yielded: number, wait = 0): void {
    const miss = { message, failed, yielded, due: false };
    this.#missed.set(name, miss);
    if (wait === 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      miss.due = true;
      this.#revision(kind).value++;
    }, wait);
    this.#timers.add(timer);
  }

  #isFree(name: string): boolean {
    return !this.#kept.has(name) && !this.#out.has(name) && (this.#missed.get(name)?.due ?? true);
  }

  #drop(name: string): void {
    this.#bytes -= this.#kept.get(name)?.bytes ?? 0;
    this.#kept.delete(name);
  }

  #revision(kind: Kind): Signal<number> {
    const known = this.#revisions.get(kind) ?? signal(0);
    this.#revisions.set(kind, known);
    return known;
  }

  #forgetTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
