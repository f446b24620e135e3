import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useGuard } from "./guard";

interface Props {
  /** Why what is shown is not the newest. */
  readonly problem?: string | null;
  /** Its scale, and what belongs to that. */
  readonly aside?: ComponentChildren;
  /** How the numbers were made. */
  readonly children: ComponentChildren;
}

/** Under a picture: how its numbers were made, and its scale. */
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

/** What is longer than its room is scrolled through, by keys too. */
function useReach(ref: RefObject<HTMLElement | null>): void {
  const guard = useGuard();
  useLayoutEffect(() => {
    const { current: element } = ref;
    const inner = element?.firstElementChild;
    if (element === null || inner == null) return;
    const observer = new ResizeObserver(
      guard(() => {
        if (element.scrollHeight > element.clientHeight) element.tabIndex = 0;
        else element.removeAttribute("tabindex");
      }),
    );
    observer.observe(element);
    observer.observe(inner);
    return () => observer.disconnect();
  }, [ref, guard]);
}
