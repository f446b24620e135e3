import type { ComponentChildren } from "preact";

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
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">
        {children}
        {problem !== null && <span class="aw-view-problem"> {problem}</span>}
      </span>
      {aside}
    </figcaption>
  );
}
