import type { Pen } from "../../drawing/brush";

/** The part of a picture that a token stands in, in pixels of its image. */
export interface Crop {
  readonly image: ImageBitmap;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** By token; null for one that stands in no picture. */
export type Crops = (token: number) => Crop | null;

/** Pixels of the longer side of a crop beside a name, and how much room it takes there. */
export const cropSide = 13;
export const cropRoom = cropSide + 4;

/** Beside a name: `left` is its left edge, `middle` the height of its middle. */
export function paintCrop(
  pen: Pen,
  { image, x, y, width, height }: Crop,
  left: number,
  middle: number,
): void {
  const scale = cropSide / Math.max(width, height);
  const [across, down] = [width * scale, height * scale];
  pen.imageSmoothingEnabled = width > cropSide;
  pen.drawImage(image, x, y, width, height, left + (cropSide - across) / 2, middle - down / 2, across, down);
}
