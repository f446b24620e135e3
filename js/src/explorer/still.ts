import { signal } from "@preact/signals";
import type { Session } from "../session/session";
import { watch } from "../session/watch";
import type { Ask, StoredStill } from "../wire/types";

/** Milliseconds that all must be at rest: the first still is soon there, a later one does not follow every key. */
const first = 300;
const rest = 1_500;

/** The outputs of a notebook whose style hides the still (style/frame.css): JupyterLab, and what is made of it. */
const outputs = ".jp-OutputArea-child";

/** A picture that is not there yet is looked for ever more seldom: what a view shows may be long in coming, or never come. */
const seldom = 30_000;

/** How many rests the pointer may stay: it is often where somebody has left it. */
const patience = 4;

/** A view as a picture, and what is said of it to those who do not see it. */
export interface StillPicture {
  readonly png: ArrayBuffer;
  readonly caption: string;
}

/**
 * "matrix": the kernel draws that by itself. "later": what the view shows is not there yet. "pointed": it shows what the
 * pointer is at, and what is chosen only afterwards; `anyway`, it is drawn so.
 */
export type DrawStill = (anyway: boolean) => Promise<StillPicture | "matrix" | "later" | "pointed">;

interface Place {
  readonly element: HTMLElement;
  readonly draw: DrawStill;
}

/**
 * Asks the kernel to renew what the notebook keeps of an explorer, whenever that has come to rest; what is on the stage goes
 * along as a picture. Called with every place of the explorer. `stored` is told what is kept from now on.
 */
export function keepStill(
  session: Session,
  ask: Ask,
  abort: AbortSignal,
  stored: (still: StoredStill) => void = () => {},
): (element: HTMLElement, draw: DrawStill, until: AbortSignal) => void {
  const places = signal<readonly Place[]>([]);
  let wait = first;
  let tries = 0;
  let waited = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const plan = (after = wait) => {
    clearTimeout(timer);
    timer = setTimeout(renew, after);
  };
  const lookAgain = () => plan(Math.min(seldom, rest * 2 ** tries++));
  const renew = async () => {
    if (abort.aborted || session.closed.peek()) return;
    const place = places.peek().findLast(({ element }) => element.closest(outputs) !== null);
    if (place === undefined) return;
    if (session.waiting.peek() || !session.current.peek()) return; // what comes plans anew
    wait = rest;
    const planned = timer;
    const drawn = await place.draw(waited >= patience);
    if (abort.aborted || timer !== planned) return; // of what is not on screen any more
    if (drawn === "pointed") {
      waited++;
      return plan();
    }
    if (drawn === "later" && tries > 0) return lookAgain(); // the matrix is there meanwhile
    const picture = typeof drawn === "string" ? null : drawn;
    const answer = await (picture === null
      ? ask({ kind: "still" })
      : ask({ kind: "still", caption: picture.caption }, { buffers: [picture.png] }));
    if (abort.aborted) return;
    if (answer.status === "ok" && answer.reply !== null) stored(answer.reply);
    if (timer !== planned) return;
    // It gives way to everything else: then there will be another rest.
    if (answer.status === "superseded") plan();
    else if (drawn === "later") lookAgain();
  };

  watch(session, abort, () => {
    for (const trait of Object.values(session.traits)) trait.value;
    if (session.shown.value !== null && places.value.length > 0) {
      tries = waited = 0;
      plan();
    }
  });
  abort.addEventListener("abort", () => clearTimeout(timer), { once: true });

  return (element, draw, until) => {
    const place = { element, draw };
    places.value = [...places.peek(), place];
    const leave = () => {
      places.value = places.peek().filter((each) => each !== place);
    };
    until.addEventListener("abort", leave, { once: true });
  };
}
