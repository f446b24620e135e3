import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Brush } from "../drawing/brush";
import type { Pixels } from "../drawing/pixels";
import { oneForEach } from "../lib/one-for-each";
import { useGuard } from "./guard";
import { useView } from "./view";

/** A brush for a canvas of so many pixels of the screen. */
export interface Sheet extends Brush {
  readonly across: number;
  readonly down: number;
}

interface Props {
  readonly width: number;
  readonly height: number;
  readonly paint: (sheet: Sheet) => void;
}

/**
 * A canvas in CSS pixels. The screen's resolution is dealt with here and nowhere else. It is painted once a frame, when all elements say
 * what they are to say: a font that is set on a canvas makes the browser lay out.
 */
export function Canvas({ width, height, paint }: Props) {
  const ref = useRef<HTMLCanvasElement>(null);
  const guard = useGuard();
  const { across, down } = useScreenPixels(ref, width, height);
  useLayoutEffect(() => {
    const canvas = ref.current;
    if (canvas === null) return;
    const now = () => {
      const context = prepare(canvas, width, height, across, down);
      if (context !== null) paint({ context, bitmap, across, down });
    };
    // A canvas of another size is empty, and is not to be seen so.
    if (canvas.width !== Math.max(1, across) || canvas.height !== Math.max(1, down)) return now();
    const frame = requestAnimationFrame(guard(now));
    return () => cancelAnimationFrame(frame);
  });
  return <canvas ref={ref} style={{ width: `${width}px`, height: `${height}px` }} aria-hidden="true" />;
}

/**
 * The pixels of the screen that an element covers: as many as the browser says, where it does.
 * At a scale like 1.25 that depends on where the element stands, and one pixel too few blurs all of them.
 */
function useScreenPixels(ref: { readonly current: Element | null }, width: number, height: number) {
  const ratio = useView().environment.ratio.value;
  const guard = useGuard();
  const [told, setTold] = useState<{ readonly across: number; readonly down: number } | null>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(
      guard((entries: readonly ResizeObserverEntry[]) => {
        const box = entries.at(-1)?.devicePixelContentBoxSize?.[0];
        if (box === undefined) return;
        const [across, down] = [Math.round(box.inlineSize), Math.round(box.blockSize)];
        setTold((last) => (last?.across === across && last.down === down ? last : { across, down }));
      }),
    );
    try {
      observer.observe(element, { box: "device-pixel-content-box" });
    } catch {
      // This browser does not tell.
    }
    return () => observer.disconnect();
  }, [ref]);
  const guess = { across: Math.round(width * ratio), down: Math.round(height * ratio) };
  // What was told may be of another size or screen; it is never further than a pixel from the guess.
  const near = (one: number, other: number) => one > 0 && Math.abs(one - other) <= 1;
  return told !== null && near(told.across, guess.across) && near(told.down, guess.down) ? told : guess;
}

/** Paints what seldom changes once, and then lays it under what often does. */
export function useGround(
  width: number,
  height: number,
  inputs: readonly unknown[],
  paint: (brush: Brush) => void,
): (sheet: Sheet) => void {
  const newest = useRef(paint);
  newest.current = paint;
  return useMemo(() => {
    let ground: HTMLCanvasElement | null = null;
    return ({ context, across, down }: Sheet) => {
      if (ground?.width !== Math.max(1, across) || ground.height !== Math.max(1, down)) {
        ground = document.createElement("canvas");
        const own = prepare(ground, width, height, across, down);
        if (own !== null) newest.current({ context: own, bitmap });
      }
      context.drawImage(ground, 0, 0, width, height);
    };
  }, [width, height, ...inputs]);
}

function prepare(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  across: number,
  down: number,
): CanvasRenderingContext2D | null {
  const [wide, high] = [Math.max(1, across), Math.max(1, down)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, wide, high);
  context.setTransform(wide / Math.max(1, width), 0, 0, high / Math.max(1, height), 0, 0);
  return context;
}

/** Pixels -> something that a canvas can draw at any size, made once. */
export const bitmap = oneForEach(imageOf);

function imageOf({ width, height, data }: Pixels): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  const context = canvas.getContext("2d");
  if (context !== null && width > 0 && height > 0) {
    const image = context.createImageData(width, height);
    image.data.set(data);
    context.putImageData(image, 0, 0);
  }
  return canvas;
}
