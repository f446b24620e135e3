import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Effects, EffectsRequest } from "../../wire/effects";
import type { AskedAnswer, Progress } from "../../wire/types";
import { type Shown, textsOf } from "../shown";
import { questionAsked } from "../what-if";
import type { Wish } from "./follow";
import { keyOf, type Memory } from "./memory";

type Of = EffectsRequest["name"];

/** What is known of effects, to be shown. */
export interface KnownEffects {
  /** The exact ones, as far as they are there; else the estimates. */
  readonly effects: Effects;
  /** How many of them are exact. */
  readonly exact: number;
  /** How many there are. */
  readonly all: number;
}

/** What silencing each head, or hiding each token, does to the answer that is asked about. */
export class AskedEffects {
  /** Whether the colours of the text are those of its tokens' effects. */
  readonly heat: Signal<boolean> = signal(false);
  readonly #memory: Memory;
  readonly #shown: ReadonlySignal<Shown | null>;
  readonly #question: ReadonlySignal<AskedAnswer>;
  /** The questions that are to be measured, by their keys: of another text, or another answer, nobody has asked for it. */
  readonly #measured: Signal<ReadonlySet<string>> = signal(new Set());
  readonly #known = {
    heads: computed(() => this.#knowledge("heads")),
    tokens: computed(() => this.#knowledge("tokens")),
  };

  constructor(memory: Memory, shown: ReadonlySignal<Shown | null>, question: ReadonlySignal<AskedAnswer>) {
    this.#memory = memory;
    this.#shown = shown;
    this.#question = question;
  }

  /** What to ask for, where effects are looked at: the estimates first. Reads signals. */
  wishes(of: Of): readonly (Wish<"effects", EffectsRequest> | null)[] {
    return [this.#wish(of, false), this.measuring(of) ? this.#wish(of, true) : null];
  }

  /** Whether the exact numbers are wanted. Reads signals. */
  measuring(of: Of): boolean {
    const wish = this.#wish(of, true);
    return wish !== null && this.#measured.value.has(wish.key);
  }

  /** From now on the exact numbers are wanted, or no longer. */
  measure(of: Of, wanted: boolean): void {
    const key = this.#wish(of, true)?.key;
    if (key === undefined) return;
    const others = [...this.#measured.peek()].filter((known) => known !== key);
    this.#measured.value = new Set(wanted ? [...others, key] : others);
  }

  /** The same object until there is more. Reads signals. */
  known(of: Of): KnownEffects | null {
    return this.#known[of].value;
  }

  #knowledge(of: Of): KnownEffects | null {
    const [estimate, exact] = [this.#part(of, false), this.#part(of, true)];
    if (exact === null) return estimate && { effects: estimate, exact: 0, all: countOf(estimate) };
    const known = countOf(exact);
    // While it is measured, what is not there yet is estimated.
    if (estimate === null || exact.values.length !== estimate.values.length)
      return { effects: exact, exact: known, all: known };
    const all = countOf(estimate);
    if (known >= all) return { effects: exact, exact: known, all };
    const values = exact.values.map((value, place) =>
      Number.isNaN(value) ? (estimate.values[place] as number) : value,
    );
    return { effects: { ...estimate, values }, exact: known, all };
  }

  /** Why they cannot be had. Reads signals. */
  problem(of: Of): string | null {
    const [estimate, exact] = this.wishes(of);
    return this.#memory.answer(exact ?? estimate ?? null).problem;
  }

  /** How far the kernel is with measuring. Reads signals. */
  progress(of: Of): Progress | null {
    const wish = this.#wish(of, true);
    return wish && this.#memory.progress(wish.kind, wish.key);
  }

  #part(of: Of, exact: boolean): Effects | null {
    const wish = this.#wish(of, exact);
    return wish && (this.#memory.part<Effects>(wish.kind, wish.key) ?? null);
  }

  #wish(of: Of, exact: boolean): Wish<"effects", EffectsRequest> | null {
    const shown = this.#shown.value;
    if (shown === null) return null;
    const question = this.#question.value;
    const { part } = shown.frame.header;
    const request = {
      ...textsOf(shown),
      ...questionAsked(question),
      part,
      name: of,
      ...(exact && { exact: true as const }),
    };
    return { kind: "effects", key: keyOf(request, of, exact, part, question), request, parts: true };
  }
}

function countOf({ values }: Pick<Effects, "values">): number {
  return values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
}
