import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Direction, Span, Traits } from "../wire/types";
import { filterText, readFilter } from "./filter";
import { readHeads, readLook } from "./look";
import { readEdits, readQuestion } from "./what-if";

/** The part of an anywidget model that traits need. */
export interface TraitModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
}

export type TraitName = keyof Traits;

export interface Synced {
  readonly signals: { readonly [Name in TraitName]: ReadonlySignal<Traits[Name]> };
  /** Writes what differs, here and in Python; what is `doubted` in any case. Never calls `onRemote`. */
  write(patch: Partial<Traits>, doubted?: readonly TraitName[]): void;
  /** Takes over what differs in this page alone. */
  keep(patch: Partial<Traits>): void;
}

const names = [
  "text",
  "pair",
  "layer",
  "head",
  "query",
  "direction",
  "part",
  "chart",
  "view",
  "heads",
  "filter",
  "look",
  "edits",
  "question",
] as const satisfies readonly TraitName[];

/** Traits that no frame depends on. */
export const quiet: ReadonlySet<TraitName> = new Set(["chart", "view", "filter", "question"]);

/** Traits <-> signals. A change that comes back to where it began is not a change, so there is no echo. `before` hears of a remote one while the signals still have what was. */
export function bindTraits(
  model: TraitModel,
  abort: AbortSignal,
  onRemote: (name: TraitName) => void,
  before: (name: TraitName) => void = () => {},
): Synced {
  const signals = Object.fromEntries(names.map((name) => [name, signal(read(model, name))])) as {
    [Name in TraitName]: Signal<Traits[Name]>;
  };
  let writing = false;

  for (const name of names) {
    const listener = () => {
      if (writing) return;
      const value = read(model, name);
      if (same(signals[name].peek(), value)) return;
      before(name);
      (signals[name] as Signal<unknown>).value = value;
      onRemote(name);
    };
    model.on(`change:${name}`, listener);
    abort.addEventListener("abort", () => model.off(`change:${name}`, listener), { once: true });
  }

  const keep = (patch: Partial<Traits>) =>
    batch(() => {
      for (const name of names)
        if (name in patch && !same(signals[name].peek(), patch[name]))
          (signals[name] as Signal<unknown>).value = patch[name];
    });

  const write = (patch: Partial<Traits>, doubted: readonly TraitName[] = []) => {
    const changed = names.filter(
      (name) => name in patch && (doubted.includes(name) || !same(signals[name].peek(), patch[name])),
    );
    if (changed.length === 0) return;
    writing = true;
    try {
      keep(patch);
      for (const name of changed) {
        // A model sends only what it takes for a change.
        if (same(model.get(name), patch[name])) model.set(name, null);
        model.set(name, patch[name]);
      }
      model.save_changes();
    } catch (error) {
      console.warn("attnwidget: could not write to the kernel", error);
    } finally {
      writing = false;
    }
  };
  return { signals, write, keep };
}

function read<Name extends TraitName>(model: TraitModel, name: Name): Traits[Name];
function read(model: TraitModel, name: TraitName): Traits[TraitName] {
  const value = model.get(name);
  switch (name) {
    case "text":
    case "pair":
    case "part":
      return typeof value === "string" ? value : "";
    case "layer":
    case "head":
    case "chart":
      return typeof value === "number" && Number.isFinite(value) ? Math.trunc(value) : 0;
    case "query":
      return readQuery(value);
    case "direction":
      return (value === "read_by" ? "read_by" : "reads") satisfies Direction;
    case "view":
      return typeof value === "string" ? value : "matrix";
    case "heads":
      return readHeads(value);
    case "filter":
      return filterText(readFilter(value));
    case "look":
      return readLook(value);
    case "edits":
      return readEdits(value);
    case "question":
      return readQuestion(value);
  }
}

function readQuery(value: unknown): Span {
  if (!Array.isArray(value)) return [0, 1];
  const [start, stop] = value as unknown[];
  return typeof start === "number" && typeof stop === "number" ? [start, stop] : [0, 1];
}

/** Whether two plain values are alike, however deep. */
export function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (isPlain(one) && isPlain(other)) {
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
  }
  return one === other;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
