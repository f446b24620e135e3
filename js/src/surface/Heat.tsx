import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useView, type View } from "../display/view";
import type { Rect } from "../drawing/scene";
import { type Palette, wayMark } from "../lib/colour";
import type { FieldNumber } from "../session/axes";
import { guarded, watch } from "../session/watch";
import type { Direction } from "../wire/types";
import { looksOf, type MarkLook, markLook } from "./looks";
import { type Inks, paintMarks } from "./paint";
import type { TextSurface } from "./text-surface";

interface Props {
  readonly number: FieldNumber;
  readonly surface: RefObject<TextSurface | null>;
}

/** The canvas behind a text. Nothing of the text changes when the pointer moves: only this is painted, once a frame. */
export function HeatCanvas({ number, surface }: Props) {
  const view = useView();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const life = new AbortController();
    if (ref.current !== null && surface.current !== null)
      keepPainted(view, number, surface.current, ref.current, life.signal);
    return () => life.abort();
  }, [view]);
  return (
    <div class="aw-heat" aria-hidden="true" data-stale={view.session.problem.value !== null}>
      <canvas ref={ref} />
    </div>
  );
}

/** Room around what is in sight, so that a scroll seldom paints. */
const around = 48;

/** Paints what is in sight when anything of it has changed, and nothing else. */
function keepPainted(
  view: View,
  number: FieldNumber,
  surface: TextSurface,
  canvas: HTMLCanvasElement,
  signal: AbortSignal,
): void {
  const { session, derived, environment, palette } = view;
  const context = canvas.getContext("2d");
  const box = canvas.parentElement;
  const scroller = canvas.closest(".aw-scroll");
  if (context === null || box === null || scroller === null) return;
  let frame = 0;
  // Read from the page when it has been laid out anew, and not when it is painted.
  let sight: Sight | null = null;
  let inks: (Inks & { readonly direction: Direction }) | null = null;
  let painted = "";

  const paint = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    const looks = looksOf(view, number);
    const { direction } = looks;
    sight ??= sightOf(surface, box, scroller, environment.ratio.peek());
    const seen = sight;
    if (inks?.direction !== direction) inks = { direction, ...inksOf(box, palette.peek()) };
    const marks = seen.marks.map(({ tokens, rects }) => ({ rects, ...markLook(looks, tokens) }));
    const now = `${seen.version} ${inks.mark} ${inks.ring} ${inks.changed} ${inks.more} ${marks.map(keyOf).join()}`;
    if (now === painted) return;
    painted = now;
    const { across, down, ratio, top } = seen;
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    canvas.style.cssText = `top:${top}px;width:${across / ratio}px;height:${down / ratio}px`;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, down);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintMarks(context, marks, inks, direction === "read_by");
  };
  const soon = () => {
    if (frame === 0) frame = requestAnimationFrame(guarded(session, paint));
  };
  const recolour = () => {
    inks = null;
    soon();
  };
  const anew = () => {
    surface.lay(derived.fields[number].value);
    sight = null;
    soon();
  };
  watch(session, signal, () => {
    palette.value;
    environment.ratio.value;
    recolour();
    anew();
  });
  watch(session, signal, () => {
    looksOf(view, number);
    soon();
  });
  // The page has just been laid out: what is painted now is in the same frame.
  const observer = new ResizeObserver(
    guarded(session, () => {
      anew();
      paint();
    }),
  );
  for (const element of [box, scroller]) observer.observe(element);
  document.fonts?.addEventListener("loadingdone", anew, { signal });
  window.matchMedia?.("(forced-colors: active)").addEventListener("change", recolour, { signal });
  scroller.addEventListener(
    "scroll",
    () => {
      const { scrollTop, clientHeight } = scroller;
      if (sight === null || (scrollTop >= sight.top && scrollTop + clientHeight <= sight.top + sight.height))
        return;
      sight = null;
      soon();
    },
    { signal, passive: true },
  );
  signal.addEventListener("abort", () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
  });
}

/** What of the text is in sight, or nearly, and where it stands on the canvas. */
interface Sight {
  readonly version: number;
  /** Of the canvas, in CSS pixels from the top of its box. */
  readonly top: number;
  readonly height: number;
  readonly ratio: number;
  /** Pixels of the screen. */
  readonly across: number;
  readonly down: number;
  readonly marks: readonly { readonly tokens: readonly number[]; readonly rects: readonly Rect[] }[];
}

let sights = 0;

function sightOf(surface: TextSurface, box: Element, scroller: Element, ratio: number): Sight {
  const top = Math.max(0, scroller.scrollTop - around);
  const height = Math.max(0, Math.min(scroller.clientHeight + 2 * around, box.clientHeight - top));
  return {
    version: ++sights,
    top,
    height,
    ratio,
    across: Math.round(box.clientWidth * ratio),
    down: Math.round(height * ratio),
    marks: surface.between(top - inset.y, top + height - inset.y).map((stretch) => ({
      tokens: surface.stretches[stretch]?.tokens ?? [],
      rects: surface.rectsOf(stretch).map((rect) => snapped(rect, top, ratio)),
    })),
  };
}

/** Two marks with the same key look the same. */
function keyOf({
  tone,
  sink,
  way,
  query,
  focus,
  marked,
  found,
  hidden,
  touched,
  produced,
}: MarkLook): string {
  if (tone === 0 && !query && !focus && !marked && found === null && !hidden && !touched && produced === null)
    return "";
  const changed = `${hidden ? "h" : ""}${touched ? "t" : ""}${produced ?? ""}`;
  const rings = `${query ? "q" : ""}${focus ? "f" : ""}${marked ? "m" : ""}${found ?? ""}${changed}`;
  return `${Math.round(tone * 1000)}${sink ? "s" : ""}${way ?? ""}${rings}`;
}

/** The canvas reaches so far around the surface: the rings of what stands at its edges (style/editor.css). */
const inset = { x: 4, y: 3 } as const;

/** On whole pixels of the screen, as the browser puts what it paints itself. */
function snapped({ x, y, width, height }: Rect, top: number, ratio: number): Rect {
  const snap = (place: number) => Math.round(place * ratio) / ratio;
  const [left, upper] = [snap(x + inset.x), snap(y + inset.y - top)];
  return {
    x: left,
    y: upper,
    width: snap(x + inset.x + width) - left,
    height: snap(y + inset.y - top + height) - upper,
  };
}

/** The style sheet says the colours, for every theme; of changes and effects the palette. */
export function inksOf(box: HTMLElement, palette: Palette): Inks {
  const { fill, stroke, stopColor, color, floodColor } = getComputedStyle(box);
  return {
    mark: fill,
    stripe: stopColor,
    ring: stroke,
    text: color,
    changed: floodColor,
    more: wayMark(palette, "more"),
    less: wayMark(palette, "less"),
    hurts: wayMark(palette, "hurts"),
    helps: wayMark(palette, "helps"),
  };
}
