import { prefers } from "../display/environment";
import type { View } from "../display/view";
import type { FieldNumber } from "../session/axes";
import { guarded, watch } from "../session/watch";
import type { Span } from "../wire/types";
import { looksOf } from "./looks";
import { sightOn } from "./sight";
import { reachOf, type TextSurface } from "./text-surface";

/** Milliseconds that the pointer rests on a place elsewhere before the text goes there. */
const rest = 250;
/** Milliseconds for which a text stays where somebody has scrolled it. */
const own = 1000;

/**
 * Scrolls a text that is longer than its box to what is looked at: gently to what the pointer rests on elsewhere and back to the query
 * when it leaves, at once to another query and to what is searched. Never under the pointer, and never away from where somebody writes.
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
  /** Whether it stands where something was looked at elsewhere: it is to go back. */
  let away = false;
  const on = (names: readonly string[], listener: () => void) => {
    for (const name of names) hands.addEventListener(name, listener, { signal, passive: true });
  };
  on(["pointerenter"], () => {
    over = true;
  });
  on(["pointerleave"], () => {
    over = false;
    if (before?.looking === false) leave();
  });
  on(["wheel", "touchmove", "pointerdown", "keydown"], () => {
    scrolled = performance.now();
    away = false;
  });
  const escaped = (event: KeyboardEvent) => {
    if (event.key === "Escape") soon(query(), true);
  };
  hands.closest<HTMLElement>(".attnwidget")?.addEventListener("keydown", escaped, { signal, capture: true });

  const query = () => first(looksOf(view, number).pinned);

  const go = (tokens: readonly number[], gently: boolean) => {
    const { scrollTop: top, clientHeight: height, scrollHeight } = scroller;
    if (scrollHeight <= height + 1) return;
    const reaches = tokens.map((token) => reachOf(surface.rects(token))).filter((reach) => reach !== null);
    const to = sightOn(reaches, { top, height });
    if (to === top) return;
    const still = prefers("prefers-reduced-motion: reduce");
    scroller.scrollTo({ top: to, behavior: still || !gently ? "instant" : "smooth" });
  };

  /** Once the page has the text that this is about. */
  let frame = 0;
  const soon = (tokens: readonly number[], gently: boolean) => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(guarded(session, () => go(tokens, gently)));
  };
  let wait: ReturnType<typeof setTimeout> | undefined;
  const later = (tokens: readonly number[], leads = true) => {
    clearTimeout(wait);
    if (tokens.length === 0) return;
    const delay = Math.max(rest, scrolled + own - performance.now());
    wait = setTimeout(
      guarded(session, () => {
        if (over) return;
        go(tokens, true);
        away = leads;
      }),
      delay,
    );
  };
  const leave = () => {
    if (away) later(query(), false);
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
      looking: local.hoverToken.value !== null || local.marked.value !== null,
      view: session.traits.view.value,
    };
    const last = before;
    before = now;
    if (now.focus !== last?.focus || now.marked !== last.marked) {
      // Of two places that do not fit, the one that has just changed.
      const order = now.marked === last?.marked ? [now.focus, marked] : [marked, now.focus];
      later(order.filter((token) => token !== null));
      if (!now.looking) leave();
    }
    if (now.match !== last?.match && match[1] > match[0]) soon([match[0]], true);
    else if (
      (now.query !== last?.query || now.view !== last.view) &&
      !over &&
      !scroller.matches(":focus-within")
    )
      soon(first(pinned), last !== null && last.query !== nowhere);
  });
}

function first([start, stop]: Span): readonly number[] {
  return stop > start ? [start] : [];
}

/** What a text goes to when it changes. */
interface Places {
  readonly query: string;
  readonly match: string;
  readonly focus: number | null;
  readonly marked: number | null;
  /** Whether anything is looked at beside the query, in this text or another. */
  readonly looking: boolean;
  readonly view: string;
}

const nowhere = "0,0";
