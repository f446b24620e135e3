import { type ReadonlySignal, signal } from "@preact/signals";
import { type Told, watch } from "../watch";

/** Milliseconds that a picture may be of an older text before it has to say so: a letter that is typed dims nothing. */
const blink = 300;

/**
 * Whether what is on show is not of the text that is written, for longer than a blink. Whoever types has that time anew with
 * every frame that comes; what is behind once is so until the text has its own.
 */
export function behind(
  told: Told,
  shown: ReadonlySignal<unknown>,
  current: ReadonlySignal<boolean>,
  abort: AbortSignal,
): ReadonlySignal<boolean> {
  const found = signal(false);
  watch(told, abort, () => {
    if (shown.value === null || current.value) {
      found.value = false;
      return;
    }
    const timer = setTimeout(() => {
      found.value = true;
    }, blink);
    return () => clearTimeout(timer);
  });
  return found;
}
