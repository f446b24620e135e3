import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useView, type View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { guarded, watch } from "../../session/watch";
import type { Direction } from "../../wire/types";
import { onceAFrame } from "../area/painting";
import { inksOf } from "../Heat";
import { looksOf, markLook } from "../looks";
import type { Inks } from "../paint";
import type { TextSurface } from "../text-surface";
import { paintMinimap } from "./paint";
import type { Reach } from "./reaches";
import { minimapScene } from "./scene";
import "./style.css";

interface Props {
  readonly number: FieldNumber;
  readonly surface: RefObject<TextSurface | null>;
}

/** The heat of a text that is longer than its box, as a whole, and what of it is in sight. For hands: keys scroll by the caret. */
export function Minimap({ number, surface }: Props) {
  const view = useView();
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const life = new AbortController();
    if (ref.current !== null && surface.current !== null)
      keepMapped(view, number, surface.current, ref.current, life.signal);
    return () => life.abort();
  }, [view]);
  return (
    <div
      ref={ref}
      class="aw-minimap"
      aria-hidden="true"
      title="The whole text and its heat: press or drag to go there"
      data-stale={view.session.problem.value !== null}
    >
      <canvas />
      <span class="aw-minimap-sight" />
    </div>
  );
}

/** Milliseconds after which a text is measured as a whole: while somebody writes, every letter moves what is behind it. */
const rest = 120;

function keepMapped(
  view: View,
  number: FieldNumber,
  surface: TextSurface,
  strip: HTMLElement,
  signal: AbortSignal,
): void {
  const { session, derived, numbers, environment, palette } = view;
  const box = strip.parentElement;
  const [canvas, sight] = [strip.querySelector("canvas"), strip.querySelector<HTMLElement>("span")];
  const scroller = box?.querySelector<HTMLElement>(".aw-scroll");
  const context = canvas?.getContext("2d");
  if (box == null || canvas == null || sight == null || scroller == null || context == null) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reaches: readonly Reach[] | null = null;
  let inks: (Inks & { readonly direction: Direction }) | null = null;

  const paint = () => {
    if (!box.hasAttribute("data-long")) return;
    const ratio = environment.ratio.peek();
    const [across, down] = [Math.round(strip.clientWidth * ratio), Math.round(strip.clientHeight * ratio)];
    reaches ??= surface.reaches();
    // Of the tokens as the lists have them, a frame after the text: it does not wait for its map.
    const looks = looksOf({ ...view, derived: numbers }, number);
    const { direction } = looks;
    if (inks?.direction !== direction) inks = { direction, ...inksOf(strip, view.palette.peek()) };
    const stretches = surface.stretches.flatMap(({ tokens }, stretch) => {
      const reach = reaches?.[stretch];
      return reach === undefined ? [] : [{ ...markLook(looks, tokens), reach }];
    });
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    context.clearRect(0, 0, across, down);
    paintMinimap(context, minimapScene(stretches, scroller.scrollHeight, down), across, ratio, inks);
  };
  const soon = onceAFrame(session, signal, paint);
  const follow = () => {
    const share = strip.clientHeight / scroller.scrollHeight;
    sight.style.height = `${scroller.clientHeight * share}px`;
    sight.style.transform = `translateY(${scroller.scrollTop * share}px)`;
  };
  const settle = guarded(session, () => {
    reaches = null;
    soon();
  });
  const anew = () => {
    clearTimeout(timer);
    timer = setTimeout(settle, rest);
  };
  const fit = () => {
    box.toggleAttribute("data-long", scroller.scrollHeight > scroller.clientHeight + 1);
    follow();
    anew();
  };
  watch(session, signal, () => {
    derived.fields[number].value;
    anew();
  });
  watch(session, signal, () => {
    palette.value;
    environment.ratio.value;
    inks = null;
    soon();
  });
  watch(session, signal, () => {
    looksOf({ ...view, derived: numbers }, number);
    soon();
  });
  const observer = new ResizeObserver(guarded(session, fit));
  for (const element of [scroller, ...scroller.children]) observer.observe(element);
  document.fonts?.addEventListener("loadingdone", anew, { signal });
  scroller.addEventListener("scroll", follow, { signal, passive: true });
  steer(strip, sight, scroller, signal);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(timer);
  });
}

/** A press goes there, and a drag on from there; the wheel does what it does over the text. */
function steer(strip: HTMLElement, sight: HTMLElement, scroller: HTMLElement, signal: AbortSignal): void {
  let held: number | null = null;
  const move = ({ clientY }: PointerEvent) => {
    if (held === null) return;
    const { top, height } = strip.getBoundingClientRect();
    scroller.scrollTop = ((clientY - top - held) / height) * scroller.scrollHeight;
  };
  strip.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      // The caret stays where it is.
      event.preventDefault();
      const { top, height } = sight.getBoundingClientRect();
      const inside = event.clientY >= top && event.clientY < top + height;
      held = inside ? event.clientY - top : height / 2;
      strip.setPointerCapture(event.pointerId);
      move(event);
    },
    { signal },
  );
  strip.addEventListener("pointermove", move, { signal });
  for (const end of ["pointerup", "pointercancel"] as const)
    strip.addEventListener(
      end,
      () => {
        held = null;
      },
      { signal },
    );
  strip.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey) return;
      const before = scroller.scrollTop;
      scroller.scrollTop += event.deltaMode === 0 ? event.deltaY : event.deltaY * 32;
      if (scroller.scrollTop !== before) event.preventDefault();
    },
    { signal, passive: false },
  );
}
