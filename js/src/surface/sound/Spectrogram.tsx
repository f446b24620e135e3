import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { bitmap as imageOf } from "../../display/Canvas";
import { opaque } from "../../display/ground";
import { useView, type View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { watch } from "../../session/watch";
import type { SoundTold, TimePlace } from "../../wire/types";
import { clear, onceAFrame } from "../area/painting";
import { inksOf } from "../Heat";
import { looksOf } from "../looks";
import { useBitmap } from "../media/use-bitmap";
import { bandsOf, restingOf, stretchesOf } from "./heat";
import { inkPixels, paintBand, paintEdge, paintHidden, paintResting } from "./paint";
import { hear } from "./pointing";
import { type Axis, TimeSurface } from "./times";

interface Props {
  readonly number: FieldNumber;
  readonly sound: SoundTold;
  readonly times: readonly (TimePlace | null)[];
  readonly axis: Axis;
  readonly height: number;
  /** What goes up and down with the pointer over everything that has the same time. */
  readonly pointer: RefObject<HTMLElement | null>;
}

/** A sound by its frequencies: the heat behind its ink, outlines over it. Nothing of it changes when the pointer moves but what is painted. */
export function Spectrogram({ number, sound, times, axis, height, pointer }: Props) {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  const heat = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  // Every frame brings the same times again.
  const same = JSON.stringify(times);
  const surface = useMemo(() => new TimeSurface(times, axis, height), [same, axis, height]);
  const laid = useRef(surface);
  laid.current = surface;
  const file = view.session.spectrograms.of(sound.name);
  const grey = useBitmap(file);
  const pixels = useMemo(() => pixelsOf(grey), [grey]);
  useEffect(() => {
    const canvas = ink.current;
    if (canvas === null || pixels === null) return;
    const life = new AbortController();
    const context = canvas.getContext("2d");
    watch(view.session, life.signal, () => {
      view.palette.value;
      const ratio = view.environment.ratio.value;
      const colour = opaque(getComputedStyle(canvas).color);
      if (context === null || colour === null) return;
      [canvas.width, canvas.height] = [Math.round(axis.width * ratio), Math.round(height * ratio)];
      context.imageSmoothingQuality = "high";
      context.drawImage(imageOf(inkPixels(pixels, colour)), 0, 0, canvas.width, canvas.height);
    });
    return () => life.abort();
  }, [view, pixels, axis, height]);
  useEffect(() => {
    if (host.current === null || heat.current === null || marks.current === null) return;
    const life = new AbortController();
    const canvases = { heat: heat.current, marks: marks.current, pointer: pointer.current };
    keepPainted(view, number, surface, canvases, life.signal);
    return () => life.abort();
  }, [view, number, surface]);
  useEffect(() => {
    if (host.current === null) return;
    const life = new AbortController();
    // A drag goes on over the frames that it brings.
    hear(view, number, () => laid.current, host.current, life.signal);
    return () => life.abort();
  }, [view, number]);
  const placed = { left: `${axis.left}px`, width: `${axis.width}px` };
  return (
    <div
      ref={host}
      class="aw-sound"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move the query along its time
      tabIndex={0}
      role="img"
      aria-label={`Spectrogram of ${sound.seconds.toFixed(2)} seconds, ${sound.top}. Arrows move the query.`}
      style={{ height: `${height}px` }}
      data-stale={view.session.problem.value !== null}
    >
      <canvas ref={heat} style={placed} aria-hidden="true" />
      <canvas ref={ink} class="aw-sound-ink" style={placed} aria-hidden="true" />
      <canvas ref={marks} class="aw-sound-marks" aria-hidden="true" />
    </div>
  );
}

function pixelsOf(grey: ImageBitmap | null) {
  // What is being replaced has no pixels any more.
  if (grey === null || grey.width === 0) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [grey.width, grey.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context?.drawImage(grey, 0, 0);
  return context?.getImageData(0, 0, grey.width, grey.height) ?? null;
}

interface Canvases {
  readonly heat: HTMLCanvasElement;
  readonly marks: HTMLCanvasElement;
  readonly pointer: HTMLElement | null;
}

/** Paints when anything of it has changed, at most once a frame. */
function keepPainted(
  view: View,
  number: FieldNumber,
  surface: TimeSurface,
  { heat, marks, pointer }: Canvases,
  signal: AbortSignal,
): void {
  const { session, environment, palette, local } = view;
  const [under, over] = [heat.getContext("2d"), marks.getContext("2d")];
  const box = heat.parentElement;
  if (under === null || over === null || box === null) return;
  const { axis, height } = surface;
  /** Read from the style sheet when the theme or the direction is another, and not when it is painted. */
  let inks: ReturnType<typeof inksIn> | null = null;
  let direction = "";
  const paint = () => {
    const ratio = environment.ratio.peek();
    const looks = looksOf(view, number);
    if (inks === null || direction !== looks.direction) inks = inksIn(box, palette.peek());
    direction = looks.direction;
    const inside = { x: 0, y: 0, width: axis.width, height };
    clear(under, { width: axis.width, height }, ratio);
    for (const band of bandsOf(looks, surface, inks, inks.mark, ratio)) paintBand(under, inside, band, ratio);
    clear(over, { width: axis.left + axis.width + 2, height }, ratio);
    paintResting(over, restingOf(looks, surface), inks.ring);
    const stretches = (holds: ReadonlySet<number>) =>
      stretchesOf(
        surface.tokens.filter((token) => holds.has(token)),
        surface,
      ).map(({ time }) => surface.stretch(time));
    paintHidden(over, stretches(looks.hidden), inks.ground);
    for (const rect of [...stretches(looks.touched), ...stretches(looks.found)])
      paintEdge(over, rect, inks.changed, inks.ground, 1.5);
    const edge = (time: TimePlace | null, weight: number) => {
      if (time !== null && inks !== null)
        paintEdge(over, surface.stretch(time), inks.ring, inks.ground, weight);
    };
    edge(surface.covered(looks.pinned), 1.5);
    if (looks.marked !== null) edge(surface.time(looks.marked), 2);
    edge(surface.covered(looks.focus), 2);
    const looked = local.hoverToken.peek() === null ? null : surface.covered(looks.focus);
    if (pointer === null) return;
    pointer.hidden = looked === null;
    if (looked !== null) {
      const { x, width } = surface.stretch(looked);
      pointer.style.transform = `translateX(${x + width / 2}px)`;
    }
  };
  const soon = onceAFrame(session, signal, paint);
  watch(session, signal, () => {
    palette.value;
    environment.ratio.value;
    inks = null;
    soon();
  });
  watch(session, signal, () => {
    looksOf(view, number);
    soon();
  });
}

function inksIn(box: HTMLElement, palette: Parameters<typeof inksOf>[1]) {
  return { ...inksOf(box, palette), ground: getComputedStyle(box).backgroundColor };
}
