import type { View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { look, pinIn } from "../looks";
import type { TimeSurface } from "./times";

/** The pointer looks, a click or a drag chooses the query, the arrows move it; with Shift they make it longer. */
export function hear(
  view: View,
  number: FieldNumber,
  laid: () => TimeSurface,
  host: HTMLElement,
  signal: AbortSignal,
): void {
  const { session } = view;
  let from: number | null = null;
  const tokenAt = (event: PointerEvent, held: boolean) => {
    const { left, top, width } = host.getBoundingClientRect();
    const surface = laid();
    const scale = width / Math.max(1, host.offsetWidth);
    const [x, y] = [(event.clientX - left) / scale, (event.clientY - top) / scale];
    if (!held) return surface.hit(x, y);
    // A drag goes on above, below and beyond the ends.
    const { axis } = surface;
    const inside = Math.max(axis.left, Math.min(axis.left + axis.width - 0.01, x));
    return surface.hit(inside, surface.top + surface.height / 2);
  };
  const moved = (event: PointerEvent) => {
    const token = tokenAt(event, from !== null);
    if (from !== null && token !== null)
      return pinIn(view, number, [Math.min(from, token), Math.max(from, token) + 1]);
    look(view, number, token);
  };
  const pressed = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const token = tokenAt(event, false);
    if (token === null) return;
    host.setPointerCapture(event.pointerId);
    look(view, number, null);
    from = token;
    pinIn(view, number, [from, from + 1]);
  };
  const ended = () => {
    from = null;
  };
  const left = () => {
    ended();
    look(view, number, null);
  };
  const typed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const surface = laid();
    // What was chosen last, whether its map is here or not: keys come faster.
    const [start, stop] = session.traits.query.peek();
    const step = steps[event.key];
    const last = surface.tokens.at(-1);
    if (last === undefined || (step === undefined && event.key !== "Home" && event.key !== "End")) return;
    event.preventDefault();
    event.stopPropagation();
    // Which way is looked was chosen as well, whether that map is here or not.
    const readBy = session.traits.direction.peek() === "read_by";
    const here = readBy === (number === 0) || isSquare(view);
    const edge = step !== undefined && step > 0 ? stop - 1 : start;
    const token =
      event.key === "Home"
        ? surface.tokens[0]
        : event.key === "End"
          ? last
          : here
            ? surface.beside(edge, step as number)
            : surface.tokens[0];
    if (token == null) return;
    const grown = event.shiftKey && here;
    pinIn(view, number, grown ? [Math.min(start, token), Math.max(stop, token + 1)] : [token, token + 1]);
  };
  host.addEventListener("pointermove", moved, { signal });
  host.addEventListener("pointerdown", pressed, { signal });
  host.addEventListener("pointerup", ended, { signal });
  host.addEventListener("pointercancel", ended, { signal });
  host.addEventListener("pointerleave", left, { signal });
  host.addEventListener("keydown", typed, { signal });
}

function isSquare({ derived }: View): boolean {
  return derived.map.peek()?.square === true;
}

const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };
