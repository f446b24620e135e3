import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useGuard } from "./guard";

interface Props {
  /** Why what is shown is not the newest. */
  readonly problem?: string | null;
  /** Its scale, and what belongs to that. */
  readonly aside?: ComponentChildren;
  /** What is left out of what is shown, first; how the numbers were made, last: where room is short the end is cut. */
  readonly children: ComponentChildren;
}

/** Under a picture: what it shows, how its numbers were made, and its scale. Of what is cut the whole comes over the picture. */
export function Caption({ problem = null, aside, children }: Props) {
  const recipe = useRef<HTMLSpanElement>(null);
  useReach(recipe);
  return (
    <figcaption class="aw-caption">
      <span ref={recipe} class="aw-recipe">
        <span>
          {children}
          {problem !== null && <span class="aw-view-problem"> {problem}</span>}
        </span>
      </span>
      {aside}
    </figcaption>
  );
}

/** What is longer than its room says so, and is there for the keyboard too. */
function useReach(ref: RefObject<HTMLElement | null>): void {
  const guard = useGuard();
  useLayoutEffect(() => {
    const { current: element } = ref;
    const inner = element?.firstElementChild;
    if (element === null || inner == null) return;
    const observer = new ResizeObserver(
      guard(() => {
        // The whole of it, whether it is cut just now or not.
        const cut = inner.scrollHeight > element.clientHeight + 1;
        element.toggleAttribute("data-cut", cut);
        if (cut) element.tabIndex = 0;
        else element.removeAttribute("tabindex");
      }),
    );
    observer.observe(element);
    observer.observe(inner);
    return () => observer.disconnect();
  }, [ref, guard]);
}
