import { batch } from "@preact/signals";
import type { ComponentChildren, RefObject } from "preact";
import { useId, useLayoutEffect } from "preact/hooks";
import { type Data, dataAttributes } from "./data-attributes";
import { Spoken } from "./Spoken";
import { clearHover, useView } from "./view";

interface Props {
  /** Of the view. */
  readonly name: string;
  readonly label: string;
  /** What the cell that is looked at says to those who do not see it. */
  readonly spoken: string;
  /** For tests and the style sheet. */
  readonly data: Data;
  /** What is under the pointer, where it is not written in full. */
  readonly title?: string | undefined;
  /** What can be asked of the element, as what is painted cannot. */
  readonly told?: Readonly<Record<string, unknown>>;
  readonly busy?: boolean;
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** What is seen at once, and all there is to scroll through. */
  readonly extent: { readonly height: number; readonly full: number } | null;
  /** Where to scroll so that a token is seen; null where it is. */
  readonly reveal: (token: number) => number | null;
  /** What is brought into sight at first, where that is not the pinned query. */
  readonly home?: number;
  /** A token that was pointed out by key. */
  readonly looked: number | null;
  readonly onScroll: (offset: number) => void;
  readonly onPoint: (event: PointerEvent) => void;
  readonly onPress: (event: MouseEvent) => void;
  readonly onSteer: (event: KeyboardEvent) => void;
  /** For what a view keeps besides where the pointer is. */
  readonly onLeave?: () => void;
  readonly children: ComponentChildren;
  /** What floats over it, and is not cut off by it. */
  readonly over?: ComponentChildren;
}

/** A picture that takes pointer and keys, describes its cell, and scrolls: the picture stays, what it shows moves. */
export function ViewGrid(props: Props) {
  const { name, scroller, extent, data } = props;
  const view = useView();
  const id = useId();
  const pinned = props.home ?? view.session.traits.query.value[0];
  const bring = (token: number | null) => {
    const target = extent === null || token === null ? null : props.reveal(token);
    if (target === null || scroller.current === null) return;
    scroller.current.scrollTop = Math.round(target);
    // At once, and not with the event that follows: what is painted is painted there.
    props.onScroll(Math.round(target));
  };
  // Apart: where somebody has scrolled to stays when the pointer leaves.
  useLayoutEffect(() => bring(pinned), [pinned, extent === null, extent?.full, extent?.height]);
  useLayoutEffect(() => bring(props.looked), [props.looked]);
  const height = `${extent?.height ?? 0}px`;
  return (
    <div
      ref={(element) => void (element !== null && Object.assign(element, props.told))}
      class={`aw-${name} aw-view-grid`}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      title={props.title}
      aria-activedescendant={id}
      aria-busy={props.busy}
      {...dataAttributes(data)}
      onPointerMove={(event) => batch(() => props.onPoint(event))}
      onPointerLeave={() => {
        clearHover(view);
        props.onLeave?.();
      }}
      onClick={props.onPress}
      onKeyDown={props.onSteer}
      onBlur={() => clearHover(view)}
    >
      <Spoken id={id}>{props.spoken}</Spoken>
      <div
        ref={scroller}
        class="aw-view-scroll"
        style={{ height }}
        onScroll={(event) => props.onScroll(event.currentTarget.scrollTop)}
      >
        <div style={{ height: `${extent?.full ?? 0}px` }}>
          <div class="aw-view-pane" style={{ height }}>
            {props.children}
          </div>
        </div>
      </div>
      {props.over}
    </div>
  );
}
