import type { PictureTold } from "../../../wire/types";

/** A part of a picture, in pixels of the picture. */
export interface Cutout {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Point = readonly [x: number, y: number];

/** Fewer pixels on a side are a slip of the hand. */
const least = 4;

/** The whole pixels between two places, in shares of the picture's sides; null where these are too near to each other. */
export function cutoutBetween(
  from: Point,
  to: Point,
  { width, height }: Pick<PictureTold, "width" | "height">,
): Cutout | null {
  const [left, right] = between(from[0], to[0], width);
  const [top, bottom] = between(from[1], to[1], height);
  const cutout = { x: left, y: top, width: right - left, height: bottom - top };
  return Math.min(cutout.width, cutout.height) < least ? null : cutout;
}

function between(one: number, other: number, size: number): readonly [number, number] {
  const [low, high] = [one, other]
    .sort((a, b) => a - b)
    .map((share) => Math.round(Math.max(0, Math.min(1, share)) * size));
  return [low ?? 0, high ?? 0];
}

/** The part as a file. Rejects where the browser makes none. */
export function cut(
  bitmap: ImageBitmap,
  { x, y, width, height }: Cutout,
  picture: Pick<PictureTold, "width">,
): Promise<Blob> {
  // It may be shown smaller than the model saw it.
  const scale = bitmap.width / picture.width;
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(side * scale))) as [
    number,
    number,
  ];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [across, down];
  canvas
    .getContext("2d", { alpha: false })
    ?.drawImage(bitmap, x * scale, y * scale, across, down, 0, 0, across, down);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error("This browser cannot cut a picture.")) : resolve(blob)),
      "image/png",
    );
  });
}
