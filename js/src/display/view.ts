import { batch, computed, type ReadonlySignal, type Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";
import type { Derived } from "../focus/derived";
import type { Local } from "../focus/pointer";
import { assert } from "../lib/assert";
import { type Palette, palette } from "../lib/colour";
import { sideOf } from "../session/places";
import type { Session } from "../session/session";
import type { Environment } from "./environment";
import type { Figures } from "./figures";
import { useGuard } from "./guard";

/** All that the parts of one view share. */
export interface View {
  readonly session: Session;
  readonly local: Local;
  readonly derived: Derived;
  /** The same one frame of the screen after the pointer: what only says it in numbers reads this one. */
  readonly numbers: Derived;
  readonly environment: Environment;
  readonly palette: ReadonlySignal<Palette>;
  /** What can be saved as a picture. */
  readonly figures: Figures;
  /** The width of the explorer; 0 before it is on the page. */
  readonly across: Signal<number>;
  readonly layout: ReadonlySignal<Layout>;
  readonly abort: AbortSignal;
}

/** How the parts of an explorer stand to each other (explorer/layout.ts). */
export interface Layout {
  /** Three: grid, stage and readout side by side, as high together as `height` leaves them. Fewer: as high as what is in them. */
  readonly columns: 1 | 2 | 3;
  /** Whether three columns have little room. */
  readonly narrow: boolean;
  /** How many lines the toolbar takes whatever is in it; or as many as it needs. */
  readonly controls: "oneLine" | "twoLines" | "fitting";
  /** Of the explorer, in pixels; null: as high as what is in it. */
  readonly height: number | null;
  /** The columns, as CSS says them. */
  readonly tracks: string;
  /** Where a chart stands: in a column beside the stage, or in a band of its own. */
  readonly chart: "column" | "band";
  /** Where the lists stand: beside the stage, or below it. */
  readonly readout: "column" | "band";
  /** How many lines of text are in sight at once. */
  readonly lines: number;
  /** How high a picture is that stands where a text would, in pixels; 0 where none does. */
  readonly picture: number;
}

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
  const view = useContext(ViewContext);
  assert(view !== null, "a part outside a view");
  return view;
}

export function paletteOf(environment: Environment): ReadonlySignal<Palette> {
  return computed(() =>
    palette(environment.dark.value, environment.font.value, environment.ground.value ?? undefined),
  );
}

/** The width of an element, followed. 0 before it is on the page. */
export function useWidth<Element extends HTMLElement>(ref: { readonly current: Element | null }): number {
  const [width, setWidth] = useState(0);
  const guard = useGuard();
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = guard(() => setWidth(Math.floor(element.clientWidth)));
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

/** What a picture may fill. */
export interface Room {
  readonly width: number;
  /** The most that it may be high; not said where the page grows with it. */
  readonly tallest?: number;
}

const nowhere: Room = { width: 0 };

/** The room of a picture: the width of its element, and the height of the box around it where that is given. */
export function useRoom<Element extends HTMLElement>(
  ref: { readonly current: Element | null },
  box = ".aw-map, .aw-view-grid",
): Room {
  const bounded = useView().layout.value.columns === 3;
  const [room, setRoom] = useState<Room>(nowhere);
  const guard = useGuard();
  useLayoutEffect(() => {
    const element = ref.current;
    const around = element?.closest(box);
    if (element === null || around == null) return;
    const measure = guard(() => {
      const width = Math.floor(element.clientWidth);
      const now = bounded ? { width, tallest: Math.floor(around.clientHeight) } : { width };
      setRoom((last) => (last.width === width && last.tallest === now.tallest ? last : now));
    });
    const observer = new ResizeObserver(measure);
    for (const each of new Set([element, around])) observer.observe(each);
    measure();
    return () => observer.disconnect();
  }, [ref, box, bounded]);
  return room;
}

/** What keys mean in the grid and the matrix alike. */
export function commonKey(view: View, event: KeyboardEvent): boolean {
  if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey) return false;
  toggleDirection(view);
  return true;
}

export function toggleDirection({ session }: View): void {
  session.setDirection(session.traits.direction.peek() === "reads" ? "read_by" : "reads");
}

/** Pins what is looked at. */
export function pinFocus({ session, derived }: View): void {
  session.pinQuery(derived.focus.peek(), sideOf(derived.direction.peek()));
}

export function clearHover({ local }: View): void {
  batch(() => {
    local.hoverHead.value = null;
    local.hoverSide.value = null;
    local.hoverToken.value = null;
    local.marked.value = null;
    local.cell.value = null;
    local.changeCell.value = null;
    local.stripCell.value = null;
    local.pairCell.value = null;
    local.edge.value = null;
  });
}

/** Another view on the stage: what the pointer was at is not there any more. */
export function chooseView(view: View, name: string): void {
  clearHover(view);
  view.session.setView(name);
}
