import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { prefers } from "../../display/environment";
import { useGuard } from "../../display/guard";
import type { Side } from "../../session/places";
import { type Offsets, unscrolled } from "./scene";

/** The two sides of a long text, each of which scrolls by itself. */
export interface Columns {
  readonly offsets: Offsets;
  /** Where the pointer is: a side under it is moved by hand alone. Null outside. */
  over: Side | "between" | null;
  /** When the token under the pointer came under it. */
  since: number;
  /** For the element that scrolls a side. */
  readonly element: Readonly<Record<Side, (element: HTMLDivElement | null) => void>>;
  /** Hears that it has scrolled; tells whether by hand. */
  readonly heard: (side: Side, top: number) => boolean;
  /** Goes to a place and stays there until something else is looked at. */
  readonly send: (side: Side, offset: number) => void;
  /** Goes where what is looked at has its lines, but leaves what is under the pointer, or was put where it is by hand. */
  readonly follow: (goals: Partial<Offsets>, how: "at once" | "gently") => void;
  /** Ends what moves. */
  readonly stop: () => void;
  /** What was moved by hand may move again. */
  readonly release: (side?: Side) => void;
}

const duration = 220;
const sides = ["query", "key"] as const;

export function useColumns(): Columns {
  const [offsets, setOffsets] = useState(unscrolled);
  const guard = useGuard();
  const columns = useMemo(() => columnsOf(setOffsets, guard), []);
  columns.offsets = offsets;
  useLayoutEffect(() => () => columns.stop(), [columns]);
  return columns;
}

function columnsOf(
  setOffsets: (change: (last: Offsets) => Offsets) => void,
  guard: ReturnType<typeof useGuard>,
): Columns & { offsets: Offsets } {
  const elements: Record<Side, HTMLDivElement | null> = { query: null, key: null };
  const byHand: Record<Side, boolean> = { query: false, key: false };
  // Where each was put last: an event that tells of another place is somebody's doing.
  const put = { ...unscrolled } as Record<Side, number>;
  const requests: Record<Side, number> = { query: 0, key: 0 };
  const set = (side: Side, offset: number) => {
    const element = elements[side];
    if (element !== null) element.scrollTop = offset;
    put[side] = offset;
    setOffsets((last) => (last[side] === offset ? last : { ...last, [side]: offset }));
  };
  const holding = (side: Side) => (element: HTMLDivElement | null) => {
    elements[side] = element;
    if (element !== null) element.scrollTop = put[side];
  };
  const glide = (side: Side, goal: number) => {
    cancelAnimationFrame(requests[side]);
    const still = prefers("prefers-reduced-motion: reduce");
    if (still || elements[side] === null) return set(side, goal);
    const from = put[side];
    const began = performance.now();
    const step = guard((now: number) => {
      const share = Math.max(0, Math.min(1, (now - began) / duration));
      set(side, share === 1 ? goal : Math.round(from + (goal - from) * share * (2 - share)));
      if (share < 1) requests[side] = requestAnimationFrame(step);
    });
    requests[side] = requestAnimationFrame(step);
  };
  const columns = {
    offsets: unscrolled,
    over: null as Side | "between" | null,
    since: 0,
    element: { query: holding("query"), key: holding("key") },
    heard: (side: Side, top: number) => {
      if (Math.abs(top - put[side]) < 1) return false;
      cancelAnimationFrame(requests[side]);
      byHand[side] = true;
      put[side] = top;
      setOffsets((last) => ({ ...last, [side]: top }));
      return true;
    },
    send: (side: Side, offset: number) => {
      byHand[side] = true;
      glide(side, offset);
    },
    follow: (goals: Partial<Offsets>, how: "at once" | "gently") => {
      for (const side of sides) {
        const goal = goals[side];
        if (goal === undefined) continue;
        if (how === "at once") {
          cancelAnimationFrame(requests[side]);
          set(side, goal);
        } else if (!byHand[side] && columns.over !== side && columns.over !== "between") glide(side, goal);
      }
    },
    release: (side?: Side) => {
      for (const each of side === undefined ? sides : [side]) byHand[each] = false;
    },
    stop: () => {
      for (const side of sides) cancelAnimationFrame(requests[side]);
    },
  };
  return columns;
}
