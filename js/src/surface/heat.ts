import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Heat } from "../focus/derived";
import type { Segment } from "../focus/marks";

/** So many marks are coloured at a time within a frame. */
const atOnce = 160;
/** Milliseconds without a change after which the marks out of sight follow. */
const rest = 100;

/**
 * Colours the marks of a text, the children of an element in the order of their segments.
 * Of a long text only what is in sight is coloured at once: a change of colour costs the browser as much where nobody sees it.
 */
export function useHeat(
  host: RefObject<HTMLElement | null>,
  segments: readonly Segment[],
  heat: Heat | null,
): void {
  const known = useRef(new WeakMap<Element, string>());
  const sight = useSight(host, segments);
  useLayoutEffect(() => {
    const marks = host.current?.children;
    if (marks === undefined) return;
    const tokens = segments.flatMap(({ mark }) => (mark === null ? [] : [mark.tokens]));
    const colour = (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        const mark = marks[index];
        if (mark instanceof HTMLElement) dress(known.current, mark, heat, tokens[index] ?? []);
      }
    };
    if (tokens.length <= atOnce) return colour(0, tokens.length);
    colour(...sight());
    const timer = setTimeout(() => colour(0, tokens.length), rest);
    return () => clearTimeout(timer);
  }, [segments, heat]);
}

function dress(
  known: WeakMap<Element, string>,
  mark: HTMLElement,
  heat: Heat | null,
  tokens: readonly number[],
): void {
  const tone = toneOf(heat, tokens);
  const hatched = tokens.some((token) => isHatched(heat, token));
  const look = `${tone} ${hatched}`;
  if (known.get(mark) === look) return;
  known.set(mark, look);
  mark.style.setProperty("--aw-heat", tone);
  if (hatched) mark.dataset.sink = "true";
  else delete mark.dataset.sink;
}

/** The marks that are in sight, looked up when the text, its width or its scroll have changed: to look makes the browser lay out. */
function useSight(host: RefObject<HTMLElement | null>, segments: readonly Segment[]): () => [number, number] {
  const found = useRef<[number, number] | null>(null);
  useLayoutEffect(() => {
    const scroller = host.current?.closest(".aw-scroll");
    if (scroller == null) return;
    const life = new AbortController();
    const forget = () => {
      found.current = null;
    };
    scroller.addEventListener("scroll", forget, { signal: life.signal, passive: true });
    const observer = new ResizeObserver(forget);
    observer.observe(scroller);
    return () => {
      life.abort();
      observer.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    found.current = null;
  }, [segments]);
  return () => {
    found.current ??= host.current === null ? [0, 0] : inSight(host.current);
    return found.current;
  };
}

/** The first mark that is in sight, and the one behind the last: lines go downwards, so halving finds them. */
function inSight(host: HTMLElement): [number, number] {
  const marks = host.children;
  const scroller = host.closest(".aw-scroll")?.getBoundingClientRect();
  if (scroller === undefined) return [0, marks.length];
  const first = (isBeyond: (box: DOMRect) => boolean) => {
    let [low, high] = [0, marks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBeyond((marks[middle] as Element).getBoundingClientRect())) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return [first(({ bottom }) => bottom > scroller.top), first(({ top }) => top >= scroller.bottom)];
}

export function toneOf(heat: Heat | null, tokens: readonly number[]): string {
  if (heat === null) return "0";
  return Math.max(0, ...tokens.map((token) => heat.tones[token] ?? 0)).toFixed(3);
}

/** A sink that the row rests on. */
export function isHatched(heat: Heat | null, token: number): boolean {
  return heat?.sinks.has(token) === true && (heat.tones[token] ?? 0) > 0;
}
