import { type ReadonlySignal, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Brush } from "../drawing/brush";
import type { Palette } from "../lib/colour";
import type { Direction } from "../wire/types";
import { useView } from "./view";

/** More than this of what scrolls no page could print, and few programs could open. CSS pixels. */
export const tallestFigure = 8000;

/** How a figure is wished for. */
export interface FigureLook {
  readonly palette: Palette;
  /** Whether what is pinned has an outline. */
  readonly outlined: boolean;
}

/** What can be saved of a view: all of it, also what is scrolled out of sight. */
export interface Figure {
  /** A word for the file's name. */
  readonly name: string;
  /** What it shows, after the model's name: "Layer 1 · Head 2 · “is” reads". */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly caption: string;
  readonly direction: Direction;
  /** The weight of the full tone; null where there is no such scale. */
  readonly full: number | null;
  /** Whether weights are told by thickness, and not by the ramp. */
  readonly lines?: true;
  /** How much of what is under it the full tone covers, where it is laid over a picture. */
  readonly covers?: number;
  /** Whether the numbers have a sign: what edits change. */
  readonly signed?: boolean;
  readonly paint: (brush: Brush) => void;
  /** Its numbers with all their digits, where they are a table of their own. */
  readonly csv?: () => string;
}

/** Null while there is nothing to show yet. */
export type FigureMaker = (look: FigureLook) => Figure | null;
export type FigurePlace = "stage" | "heads" | "picture";

/** What of a view of the explorer can be saved just now. */
export class Figures {
  readonly #makers = signal<ReadonlyMap<FigurePlace, FigureMaker>>(new Map());

  get makers(): ReadonlySignal<ReadonlyMap<FigurePlace, FigureMaker>> {
    return this.#makers;
  }

  /** Offers a figure until what is returned is called. */
  offer(place: FigurePlace, maker: FigureMaker): () => void {
    this.#makers.value = new Map([...this.#makers.peek(), [place, maker]]);
    return () => {
      const left = [...this.#makers.peek()].filter(([, known]) => known !== maker);
      this.#makers.value = new Map(left);
    };
  }
}

/** Offers what a part shows as a figure, as long as the part is on the page. */
export function useFigure(place: FigurePlace, maker: FigureMaker): void {
  const { figures } = useView();
  const newest = useRef(maker);
  newest.current = maker;
  useLayoutEffect(() => figures.offer(place, (look) => newest.current(look)), [figures, place]);
}
