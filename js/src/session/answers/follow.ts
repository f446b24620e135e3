import type { ReadonlySignal } from "@preact/signals";
import type { TextsRequest } from "../../wire/types";
import { type Told, watch } from "../watch";
import type { Kind, Memory } from "./memory";

/** Something that is looked at, and would be asked for. */
export interface Wish<K extends Kind = Kind, Asks extends TextsRequest = TextsRequest & object> {
  readonly kind: K;
  readonly key: string;
  readonly request: Asks;
  /** Milliseconds for which it is looked at before it is asked. */
  readonly delay?: number;
  /** What becomes of the answer; else it is put away. */
  readonly keep?: (reply: never) => void;
  /** Whether parts of the answer are worth seeing before the whole is there. */
  readonly parts?: true;
}

type Keep = ((reply: unknown) => void) | undefined;

type Out = Pick<Wish, "kind" | "key"> & { readonly life: AbortController };

/** A session, as far as it is asked about what it shows. */
interface Asked extends Told {
  readonly memory: Memory;
  readonly outdated: ReadonlySignal<boolean>;
}

/**
 * Asks for what is looked at: one question at a time, the first wish first. A question that is out is let go of once another
 * wish comes first or it is none any more, when the view is left, and when another text is on its way: so the kernel is free
 * for what comes next. `looked` reads signals.
 */
export function follow(session: Asked, abort: AbortSignal, looked: () => readonly (Wish | null)[]): void {
  const { memory } = session;
  let out: Out | null = null;
  const letGo = () => {
    out?.life.abort();
    out = null;
  };
  abort.addEventListener("abort", letGo, { once: true });
  watch(session, abort, () => {
    const wishes = session.outdated.value ? [] : looked();
    if (out !== null && !memory.isOut(out.kind, out.key)) out = null;
    const next = wishes.find(
      (wish) => wish !== null && (memory.wants(wish.kind, wish.key) || isSame(wish, out)),
    );
    if (next != null && isSame(next, out)) return;
    letGo();
    if (next == null) return;
    const { kind, key, request, delay = 0, keep, parts } = next;
    const timer = setTimeout(() => {
      const life = new AbortController();
      out = { kind, key, life };
      void memory.ask(kind, key, request, { signal: life.signal, keep: keep as Keep, parts });
    }, delay);
    return () => clearTimeout(timer);
  });
}

function isSame(wish: Wish, out: Out | null): boolean {
  return wish.kind === out?.kind && wish.key === out.key;
}
