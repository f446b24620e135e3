import { batch, effect, type Signal, signal } from "@preact/signals";
import type { Flow, FlowRequest } from "../wire/flow";
import type { Ask } from "../wire/types";
import { type Cache, createCache } from "./cache";
import type { Session } from "./session";
import { textsOf } from "./shown";
import { tokenOf } from "./units";

const kept = 16;

/** What was asked about the way of rollout, by every view of a session. */
export class Flows {
  /** Why the newest one could not be had. */
  readonly problem: Signal<string | null> = signal(null);
  readonly known: Cache<Flow> = createCache(kept);

  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #underWay = new Set<string>();

  constructor(ask: Ask, abort: AbortSignal) {
    this.#ask = ask;
    this.#abort = abort;
  }

  async ask(request: FlowRequest): Promise<void> {
    const key = flowKey(request);
    if (this.known.has(key) || this.#underWay.has(key)) return;
    this.#underWay.add(key);
    const answer = await this.#ask({ kind: "flow", ...request });
    this.#underWay.delete(key);
    if (this.#abort.aborted || answer.status === "superseded") return;
    batch(() => {
      this.problem.value = answer.status === "error" ? answer.problem.message : null;
      if (answer.status === "ok") this.known.put(key, answer.reply);
    });
  }
}

export function flowKey({ text, pair, position, part }: FlowRequest): string {
  return JSON.stringify([position, part, text, pair]);
}

/** What would be asked for the query on show. Reads signals. */
export function flowRequest(session: Session): FlowRequest | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { part, query, units } = shown.frame.header;
  return { ...textsOf(shown), position: tokenOf(units, query[1] - 1), part };
}

/** Asks for the flow into the query, while flows are looked at. */
export function followFlow(session: Session, abort: AbortSignal): void {
  const end = effect(() => {
    if (session.traits.view.value !== "flow" || session.closed.value) return;
    const request = flowRequest(session);
    if (request !== null && !session.flows.known.has(flowKey(request))) void session.flows.ask(request);
  });
  abort.addEventListener("abort", end, { once: true });
}
