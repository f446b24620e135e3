import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Brush } from "../paint/brush";
import { useView } from "./view";

interface Props {
  readonly width: number;
  readonly height: number;
  readonly paint: (brush: Brush) => void;
}

/** A canvas in CSS pixels. The screen's resolution is dealt with here and nowhere else. */
export function Canvas({ width, height, paint }: Props) {
  const ref = useRef<HTMLCanvasElement>(null);
  const ratio = useView().environment.ratio.value;
  useLayoutEffect(() => {
    const context = ref.current === null ? null : prepare(ref.current, width, height, ratio);
    if (context !== null) paint({ context, bitmap });
  });
  return <canvas ref={ref} style={{ width: `${width}px`, height: `${height}px` }} aria-hidden="true" />;
}

/** Paints what seldom changes once, and then lays it under what often does. */
export function useGround(
  width: number,
  height: number,
  inputs: readonly unknown[],
  paint: (brush: Brush) => void,
): (brush: Brush) => void {
  const ratio = useView().environment.ratio.value;
  const ground = useMemo(() => {
    const canvas = document.createElement("canvas");
    const context = prepare(canvas, width, height, ratio);
    if (context !== null) paint({ context, bitmap });
    return canvas;
  }, [width, height, ratio, ...inputs]);
  return ({ context }) => context.drawImage(ground, 0, 0, ground.width / ratio, ground.height / ratio);
}

function prepare(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  ratio: number,
): CanvasRenderingContext2D | null {
  const across = Math.max(1, Math.round(width * ratio));
  const down = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, across, down);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Pixels -> something that a canvas can draw at any size. */
export function bitmap(width: number, height: number, pixels: Uint8ClampedArray): CanvasImageSource {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  const context = canvas.getContext("2d");
  if (context !== null && width > 0 && height > 0) {
    const image = context.createImageData(width, height);
    image.data.set(pixels);
    context.putImageData(image, 0, 0);
  }
  return canvas;
}
