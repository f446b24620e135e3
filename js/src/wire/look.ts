import type { ToneScale } from "../lib/colour";
import type { Fusion, MapSource } from "./types";
import type { Shows } from "./what-if";

/** What several heads that are looked at together become: their mean, or at each pair the largest of them. */
export type HeadFusion = "mean" | "max";
/** What becomes of sinks; `renormalise` hides them and divides what is left of each row by its sum. */
export type Sinks = "show" | "hide" | "renormalise";
/** What is shown of a pair: its attention, or attention weighted by the length of what the key writes. */
export type Weight = "attention" | "norm";
/** By a colour over the picture, or by its light, with the rest in the dark. */
export type Over = "colour" | "light";
export type Size = "normal" | "compact" | "projector";
export type HeadPair = readonly [layer: number, head: number];

/** How maps are shown. */
export interface Look {
  readonly source: MapSource;
  readonly fusion: HeadFusion;
  readonly words: boolean;
  readonly sinks: Sinks;
  readonly weight: Weight;
  /** Of the view `layers`: what the heads of each layer become. */
  readonly layers: Fusion;
  readonly shows: Shows;
  /** The text that is held, to compare with; "" for none. */
  readonly against: string;
  /** The weight of the full tone. */
  readonly scale: ToneScale;
  /** How what is read is told over a picture. */
  readonly over: Over;
  /** How large letters and targets are. */
  readonly size: Size;
  /** Of the explorer, in pixels; null for as high as its parts and the window suggest. */
  readonly height: number | null;
}

/** What of a look a request carries: nothing where it is as it was computed. */
export interface Changes {
  readonly words?: true;
  readonly sinks?: Exclude<Sinks, "show">;
  readonly weight?: Exclude<Weight, "attention">;
  /** The map after the edits minus that before them; signed. */
  readonly shows?: "difference";
}

/** What of a map is in sight: `span` tokens along each axis, from one that may be a fraction. Infinity is all of it. */
export interface Viewport {
  readonly query: number;
  readonly key: number;
  readonly span: number;
}
