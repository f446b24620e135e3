import type { Signal } from "@preact/signals";
import { prefers } from "../display/environment";
import type { Guard } from "../display/guard";
import type { Viewport } from "../wire/types";
import { between, clampViewport, type Plot } from "./viewport";

export interface Glide {
  /** At once; ends a movement that is under way. */
  jump(to: Viewport): void;
  /** In a short movement, unless motion is not wanted. */
  to(to: Viewport, square: Plot): void;
}

const duration = 160;

/** Moves a viewport, until the signal ends. */
export function glider(viewport: Signal<Viewport>, abort: AbortSignal, guard: Guard): Glide {
  let request = 0;
  abort.addEventListener("abort", () => cancelAnimationFrame(request), { once: true });
  const jump = (to: Viewport) => {
    cancelAnimationFrame(request);
    viewport.value = to;
  };
  const to = (wish: Viewport, square: Plot) => {
    if (prefers("prefers-reduced-motion: reduce")) return jump(wish);
    cancelAnimationFrame(request);
    const from = clampViewport(viewport.peek(), square);
    const goal = clampViewport(wish, square);
    const began = performance.now();
    const step = guard((now: number) => {
      const share = Math.max(0, Math.min(1, (now - began) / duration));
      // All of the map is whatever that will be: the text may grow.
      viewport.value = share === 1 ? wish : between(from, goal, share * (2 - share));
      if (share < 1) request = requestAnimationFrame(step);
    });
    request = requestAnimationFrame(step);
  };
  return { jump, to };
}
