import type { Surface } from "../surface";

/** The token under the pointer, of a surface that fills an element at any zoom of the page. */
export function tokenAt(
  event: PointerEvent,
  host: HTMLElement,
  surface: Surface & { readonly width: number },
): number | null {
  const { left, top, width } = host.getBoundingClientRect();
  const scale = width / surface.width;
  return surface.hit((event.clientX - left) / scale, (event.clientY - top) / scale);
}

/** One step to the right, and one downwards. */
type Step = readonly [across: number, down: number];

/** Where an arrow key points, if it was pressed alone: then it is nobody else's any more. */
export function takeArrow(event: KeyboardEvent): Step | null {
  const step = steps[event.key];
  if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return null;
  event.preventDefault();
  event.stopPropagation();
  return step;
}

const steps: Readonly<Record<string, Step>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
