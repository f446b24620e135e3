import { type ReadonlySignal, signal } from "@preact/signals";

/** Answers by what was asked, the latest few of them. A new map at every change, so that signals notice. */
export interface Cache<Value> {
  readonly entries: ReadonlySignal<ReadonlyMap<string, Value>>;
  has(key: string): boolean;
  put(key: string, value: Value): void;
}

export function createCache<Value>(limit: number): Cache<Value> {
  const entries = signal<ReadonlyMap<string, Value>>(new Map());
  return {
    entries,
    has: (key) => entries.peek().has(key),
    put: (key, value) => {
      const kept = [...entries.peek()].filter(([known]) => known !== key).slice(1 - limit);
      entries.value = new Map([...kept, [key, value]]);
    },
  };
}
