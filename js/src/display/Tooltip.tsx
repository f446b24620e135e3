import type { ComponentChildren } from "preact";

interface Props {
  readonly x: number;
  readonly y: number;
  /** Of the picture that it floats over: near its end the tooltip hangs to the left. */
  readonly width: number;
  readonly kind?: string | undefined;
  readonly children: ComponentChildren;
}

/** What is under the pointer, said beside it. Never read out: `Spoken` is. */
export function Tooltip({ x, y, width, kind, children }: Props) {
  return (
    <div
      class="aw-tooltip"
      role="presentation"
      data-flipped={x > width * 0.6}
      data-kind={kind}
      style={{ left: `${Math.round(x)}px`, top: `${Math.round(y)}px` }}
    >
      {children}
    </div>
  );
}
