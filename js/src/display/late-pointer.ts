import { batch, type Signal, signal } from "@preact/signals";
import type { Local } from "../focus/pointer";
import type { Session } from "../session/session";
import { guarded, watch } from "../session/watch";

/** Milliseconds: a pointer that hurries on puts the numbers off until it slows down, and no longer than this. */
const patience = 100;

/**
 * The pointer as it was a frame ago, for what says in numbers what is lit up: the highlight is painted first, and does not wait for the
 * words. Where another frame of the kernel comes on show nothing is put off: numbers of an old text never stand beside a new one.
 */
export function latePointer(session: Session, local: Local, abort: AbortSignal): Local {
  const head = lateCopy(local.hoverHead);
  const side = lateCopy(local.hoverSide);
  const token = lateCopy(local.hoverToken);
  const copies = [head, side, token];
  let shown = session.shown.peek();
  let waiting: { readonly since: number; request: number } | null = null;
  const follow = guarded(session, () => {
    waiting = null;
    batch(() => {
      for (const copy of copies) copy.follow();
    });
  });
  watch(session, abort, () => {
    const newest = session.shown.value;
    const behind = copies.map((copy) => copy.behind()).includes(true);
    const changed = newest !== shown;
    shown = newest;
    if (!changed && !behind) return;
    const now = performance.now();
    if (!changed && waiting !== null && now - waiting.since > patience) return;
    if (waiting !== null) cancelAnimationFrame(waiting.request);
    if (changed) return follow();
    const wait = { since: waiting?.since ?? now, request: 0 };
    // The next frame of the screen paints the highlight; the one after it the numbers.
    wait.request = requestAnimationFrame(() => {
      wait.request = requestAnimationFrame(follow);
    });
    waiting = wait;
  });
  const end = () => {
    if (waiting !== null) cancelAnimationFrame(waiting.request);
  };
  abort.addEventListener("abort", end, { once: true });
  return { ...local, hoverHead: head.copy, hoverSide: side.copy, hoverToken: token.copy };
}

function lateCopy<Value>(of: Signal<Value>) {
  const copy = signal(of.peek());
  return {
    copy,
    /** Reads the signal. */
    behind: () => of.value !== copy.peek(),
    follow: () => {
      copy.value = of.peek();
    },
  };
}
