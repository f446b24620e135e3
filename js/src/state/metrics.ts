import { batch, type Signal, signal } from "@preact/signals";
import type { Metric, MetricRequest, Similar, SimilarRequest } from "../wire/metric";
import type { Answer, Ask } from "../wire/types";
import { type Cache, createCache } from "./cache";
import { metricKey, named, similarKey } from "./finder";

/** What the cells of the grid show: maps, or what was asked of every head. */
export type Shade = "maps" | "values";

const keptMetrics = 24;
const keptNeighbours = 64;
/** Until something that gave way is asked for again. */
const patience = 400;

/** What was asked of all heads at once, by every view of a session, and how they are looked through. */
export class Metrics {
  readonly shade: Signal<Shade> = signal("maps");
  /** What heads are looked for by, and the last of these that is a number. */
  readonly by: Signal<string> = signal(named);
  readonly number: Signal<string> = signal("entropy");
  readonly lowest: Signal<boolean> = signal(false);
  readonly top: Signal<number> = signal(0);
  readonly only: Signal<string | null> = signal(null);
  readonly known: Cache<Metric> = createCache(keptMetrics);
  readonly alike: Cache<Similar> = createCache(keptNeighbours);
  /** Why something could not be had, by what was asked. */
  readonly refused: Cache<string> = createCache(keptNeighbours);
  /** Grows when something that gave way may be asked again. */
  readonly again: Signal<number> = signal(0);

  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #underWay = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Ask, abort: AbortSignal) {
    this.#ask = ask;
    this.#abort = abort;
    abort.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** Look for heads by something else. */
  choose(by: string): void {
    batch(() => {
      this.by.value = by;
      this.only.value = null;
      if (by !== named) this.number.value = by;
    });
  }

  showAll(): void {
    batch(() => {
      this.top.value = 0;
      this.only.value = null;
    });
  }

  async metric(request: MetricRequest): Promise<void> {
    const key = metricKey(request);
    await this.#once(key, this.known, () => this.#ask({ kind: "metric", ...request }));
  }

  async similar(request: SimilarRequest): Promise<void> {
    const key = similarKey(request);
    await this.#once(key, this.alike, () => this.#ask({ kind: "similar", ...request }));
  }

  async #once<Reply>(key: string, known: Cache<Reply>, ask: () => Promise<Answer<Reply>>): Promise<void> {
    if (known.has(key) || this.refused.has(key) || this.#underWay.has(key)) return;
    this.#underWay.add(key);
    const answer = await ask();
    this.#underWay.delete(key);
    if (this.#abort.aborted) return;
    if (answer.status === "ok") known.put(key, answer.reply);
    else if (answer.status === "error" && answer.problem.code !== "closed")
      this.refused.put(key, answer.problem.message);
    else if (answer.status === "superseded") this.#askAgain();
  }

  /** It gave way to something that somebody waits for. */
  #askAgain(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.again.value++;
    }, patience);
  }
}
