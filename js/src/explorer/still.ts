import { signal } from "@preact/signals";
import type { Session } from "../session/session";
import { watch } from "../session/watch";
import type { Ask } from "../wire/types";

/** Milliseconds that all must be at rest: the first still is soon there, a later one does not follow every key. */
const first = 300;
const rest = 1_500;

/** The outputs of a notebook whose style hides the still (style/frame.css): JupyterLab, and what is made of it. */
export const outputs = ".jp-OutputArea-child";

/** Asks the kernel to renew what the notebook keeps of an explorer, whenever that has come to rest. Called with every place of it. */
export function keepStill(
  session: Session,
  ask: Ask,
  abort: AbortSignal,
): (place: HTMLElement, until: AbortSignal) => void {
  const places = signal<readonly HTMLElement[]>([]);
  let wait = first;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const plan = () => {
    clearTimeout(timer);
    timer = setTimeout(renew, wait);
  };
  const renew = async () => {
    if (abort.aborted || session.closed.peek()) return;
    if (!places.peek().some((place) => place.closest(outputs) !== null)) return;
    if (session.waiting.peek() || !session.current.peek()) return; // what comes plans anew
    wait = rest;
    // It gives way to everything else: then there will be another rest.
    if ((await ask({ kind: "still" })).status === "superseded" && !abort.aborted) plan();
  };

  watch(session, abort, () => {
    for (const trait of Object.values(session.traits)) trait.value;
    if (session.shown.value !== null && places.value.length > 0) plan();
  });
  abort.addEventListener("abort", () => clearTimeout(timer), { once: true });

  return (place, until) => {
    places.value = [...places.peek(), place];
    const leave = () => {
      places.value = places.peek().filter((each) => each !== place);
    };
    until.addEventListener("abort", leave, { once: true });
  };
}
