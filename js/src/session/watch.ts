import { effect, type Signal } from "@preact/signals";

/** Where it is told that something went wrong in the page itself. */
export interface Told {
  readonly fault: Signal<unknown>;
}

/** An effect that ends with the signal. What it throws is reported, and never reaches the code that changed a value. */
export function watch(told: Told, abort: AbortSignal, run: () => unknown): void {
  if (abort.aborted) return;
  const end = effect(() => {
    try {
      const after = run();
      return typeof after === "function" ? guarded(told, after as () => void) : undefined;
    } catch (error) {
      tellLater(told, error);
    }
  });
  abort.addEventListener("abort", end, { once: true });
}

/** The same for what a timer, an observer or a frame of the screen calls. */
export function guarded<Given extends unknown[]>(
  told: Told,
  run: (...given: Given) => void,
): (...given: Given) => void {
  return (...given) => {
    try {
      run(...given);
    } catch (error) {
      tellLater(told, error);
    }
  };
}

/** Not at once: an effect that reads what it reports would run for ever. */
function tellLater(told: Told, error: unknown): void {
  console.error("attnwidget:", error);
  queueMicrotask(() => {
    told.fault.value = error;
  });
}
