import type { Pixels } from "./pixels";

/** What painters need of a canvas: the part of the 2D context that they use, and a way to make an image of pixels. */
export interface Brush {
  readonly context: Pen;
  bitmap(pixels: Pixels): CanvasImageSource;
}

export type Pen = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "globalAlpha"
  | "imageSmoothingEnabled"
  | "fillRect"
  | "strokeRect"
  | "fillText"
  | "drawImage"
  | "beginPath"
  | "roundRect"
  | "moveTo"
  | "lineTo"
  | "bezierCurveTo"
  | "stroke"
  | "fill"
  | "rect"
  | "clip"
  | "save"
  | "restore"
  | "translate"
  | "rotate"
  | "setLineDash"
>;
