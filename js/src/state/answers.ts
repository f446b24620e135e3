import { batch, type Signal, signal } from "@preact/signals";
import type { CompareRequest, Difference } from "../wire/difference";
import type { Flow, FlowRequest } from "../wire/flow";
import type { Ask, Strip, StripRequest } from "../wire/types";
import { type Cache, createCache } from "./cache";

/** What is asked for one view of a session, and answered in one piece. */
interface Kinds {
  readonly strip: { readonly request: StripRequest; readonly reply: Strip };
  readonly flow: { readonly request: FlowRequest; readonly reply: Flow };
  readonly compare: { readonly request: CompareRequest; readonly reply: Difference };
}

/** The latest answers of one kind, by what was asked; each is asked for once. */
export class Answers<Kind extends keyof Kinds> {
  /** Why the newest one could not be had. */
  readonly problem: Signal<string | null> = signal(null);
  readonly known: Cache<Kinds[Kind]["reply"]>;

  readonly #kind: Kind;
  readonly #keyOf: (request: Kinds[Kind]["request"]) => string;
  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  /** What the kernel is at. */
  readonly #underWay = new Set<string>();

  constructor(
    kind: Kind,
    keyOf: (request: Kinds[Kind]["request"]) => string,
    limit: number,
    ask: Ask,
    abort: AbortSignal,
  ) {
    this.#kind = kind;
    this.#keyOf = keyOf;
    this.known = createCache(limit);
    this.#ask = ask;
    this.#abort = abort;
  }

  async ask(request: Kinds[Kind]["request"]): Promise<void> {
    const key = this.#keyOf(request);
    if (this.known.has(key) || this.#underWay.has(key)) return;
    this.#underWay.add(key);
    const answer = await this.#ask({ kind: this.#kind, ...request } as never);
    this.#underWay.delete(key);
    if (this.#abort.aborted || answer.status === "superseded") return;
    batch(() => {
      this.problem.value = answer.status === "error" ? answer.problem.message : null;
      if (answer.status === "ok") this.known.put(key, answer.reply as Kinds[Kind]["reply"]);
    });
  }
}
