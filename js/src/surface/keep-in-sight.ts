import type { View } from "../display/view";
import type { FieldNumber } from "../session/axes";
import { guarded, watch } from "../session/watch";
import { looksOf } from "./looks";
import { sightOn } from "./sight";
import { reachOf, type TextSurface } from "./text-surface";

/** Milliseconds that the pointer rests on a place elsewhere before the text goes there. */
const rest = 250;
/** Milliseconds for which a text stays where somebody has scrolled it. */
const own = 1000;

/**
 * Scrolls a text that is longer than its box to what is looked at: gently to what the pointer rests on elsewhere, at once to another query
 * and to what is searched. Never under the pointer, and never away from where somebody writes.
 */
export function keepInSight(
  view: View,
  number: FieldNumber,
  surface: TextSurface,
  scroller: HTMLElement,
  signal: AbortSignal,
): void {
  const { session, local } = view;
  // The map of the whole text stands beside it.
  const hands = scroller.parentElement ?? scroller;
  let over = false;
  let scrolled = Number.NEGATIVE_INFINITY;
  const on = (names: readonly string[], listener: () => void) => {
    for (const name of names) hands.addEventListener(name, listener, { signal, passive: true });
  };
  on(["pointerenter"], () => {
    over = true;
  });
  on(["pointerleave"], () => {
    over = false;
  });
  on(["wheel", "touchmove", "pointerdown", "keydown"], () => {
    scrolled = performance.now();
  });

  const go = (tokens: readonly number[], gently: boolean) => {
    const { scrollTop: top, clientHeight: height, scrollHeight } = scroller;
    if (scrollHeight <= height + 1) return;
    const reaches = tokens.map((token) => reachOf(surface.rects(token))).filter((reach) => reach !== null);
    const to = sightOn(reaches, { top, height });
    if (to === top) return;
    const still = window.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollTo({ top: to, behavior: still || !gently ? "instant" : "smooth" });
  };

  /** Once the page has the text that this is about. */
  let frame = 0;
  const soon = (tokens: readonly number[], gently: boolean) => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(guarded(session, () => go(tokens, gently)));
  };
  let wait: ReturnType<typeof setTimeout> | undefined;
  const later = (tokens: readonly number[]) => {
    clearTimeout(wait);
    if (tokens.length === 0) return;
    const delay = Math.max(rest, scrolled + own - performance.now());
    wait = setTimeout(
      guarded(session, () => {
        if (!over) go(tokens, true);
      }),
      delay,
    );
  };
  signal.addEventListener("abort", () => {
    clearTimeout(wait);
    cancelAnimationFrame(frame);
  });

  let before: Places | null = null;
  watch(session, signal, () => {
    const { pinned, focus, marked, match } = looksOf(view, number);
    const now: Places = {
      query: pinned.join(),
      match: match.join(),
      focus: local.hoverToken.value === null ? null : focus[0],
      marked,
    };
    const last = before;
    before = now;
    if (now.focus !== last?.focus || now.marked !== last.marked) {
      // Of two places that do not fit, the one that has just changed.
      const order = now.marked === last?.marked ? [now.focus, marked] : [marked, now.focus];
      later(order.filter((token) => token !== null));
    }
    if (now.match !== last?.match && match[1] > match[0]) soon([match[0]], true);
    else if (
      now.query !== last?.query &&
      pinned[1] > pinned[0] &&
      !over &&
      !scroller.matches(":focus-within")
    )
      soon([pinned[0]], last !== null && last.query !== nowhere);
  });
}

/** What a text goes to when it changes. */
interface Places {
  readonly query: string;
  readonly match: string;
  readonly focus: number | null;
  readonly marked: number | null;
}

const nowhere = "0,0";
