import type { Rect } from "../drawing/scene";

/** Where the tokens stand: in a text, in a picture, along a time. What is looked at is painted behind it or over it. */
export interface Surface {
  /** The rectangles of a token, in pixels of the surface; none where it does not stand here. */
  rects(token: number): readonly Rect[];
  /** The token at a place, in the same pixels. */
  hit(x: number, y: number): number | null;
}
