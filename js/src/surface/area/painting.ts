import type { View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { guarded, type Told, watch } from "../../session/watch";
import { looksOf } from "../looks";

/** Asks for a run in the next frame of the screen, and only once until then. None comes after the signal. */
export function onceAFrame(told: Told, abort: AbortSignal, run: () => void): () => void {
  let frame = 0;
  const now = guarded(told, () => {
    frame = 0;
    run();
  });
  abort.addEventListener("abort", () => cancelAnimationFrame(frame), { once: true });
  return () => {
    if (frame === 0 && !abort.aborted) frame = requestAnimationFrame(now);
  };
}

/** Paints when anything of what a field shows has changed, at most once a frame. */
export function repaint(view: View, number: FieldNumber, signal: AbortSignal, paint: () => void): void {
  const { session, environment, palette } = view;
  const soon = onceAFrame(session, signal, paint);
  watch(session, signal, () => {
    looksOf(view, number);
    palette.value;
    environment.ratio.value;
    soon();
  });
}

/** Empties a canvas of so many pixels of the page; what is painted then is in these. */
export function clear(
  context: CanvasRenderingContext2D,
  { width, height }: { readonly width: number; readonly height: number },
  ratio: number,
): void {
  const { canvas } = context;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, across, down);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}
