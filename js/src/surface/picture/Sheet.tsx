import type { Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useView, useWidth, type View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import type { Over } from "../../wire/look";
import type { PatchPlace, PictureTold } from "../../wire/types";
import { clear, repaint } from "../area/painting";
import "../area/style.css";
import { inksOf } from "../Heat";
import { looksOf } from "../looks";
import { useBitmap } from "../media/use-bitmap";
import { CutoutFrame } from "./cutout/CutoutFrame";
import type { Cutout } from "./cutout/cutout";
import type { DrawnPicture } from "./figure";
import { outlinesOf, paintPatches, patchMarks } from "./paint";
import { PatchSurface } from "./patches";
import { hear } from "./pointing";

interface SheetProps {
  readonly number: FieldNumber;
  readonly place: number;
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
  readonly over: Over;
  /** Whether the pointer hides what it paints over. */
  readonly hiding: boolean;
  /** By place: the pictures whose colours are here. This one is put among them. */
  readonly drawn: Map<number, DrawnPicture>;
  /** The part that is chosen to be read alone; null while none is to be. */
  readonly cutout: Signal<Cutout | null> | null;
}

/** One picture: its colours on one canvas, the heat on another over it. Nothing of it changes when the pointer moves but what is painted. */
export function Sheet({ number, place, picture, places, over, hiding, drawn, cutout }: SheetProps) {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const ground = useRef<HTMLCanvasElement>(null);
  const heat = useRef<HTMLCanvasElement>(null);
  const width = useWidth(host);
  const surface = useMemo(
    () => new PatchSurface(picture, place, places, Math.max(1, width)),
    [picture, place, places, width],
  );
  const laid = useRef(surface);
  laid.current = surface;
  const file = view.session.pictures.of(picture.name);
  const bitmap = useBitmap(file);
  useEffect(() => {
    const canvas = ground.current;
    if (canvas === null || bitmap === null) return;
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  }, [bitmap]);
  useEffect(() => {
    if (bitmap === null) return;
    drawn.set(place, { picture, place, places, bitmap });
    return () => {
      drawn.delete(place);
    };
  }, [bitmap, drawn, picture, place, places]);
  useEffect(() => {
    if (host.current === null || heat.current === null || width === 0) return;
    const life = new AbortController();
    keepPainted(view, number, surface, heat.current, over, life.signal);
    return () => life.abort();
  }, [view, number, surface, over, width]);
  useEffect(() => {
    if (host.current === null || width === 0) return;
    const life = new AbortController();
    // A stroke goes on over the frames that it brings.
    hear(view, number, () => laid.current, host.current, hiding, life.signal);
    return () => life.abort();
  }, [view, number, hiding, width === 0]);
  return (
    <div
      ref={host}
      class="aw-area aw-picture"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move the query over its patches
      tabIndex={0}
      role="img"
      aria-label={`Picture of ${picture.columns} by ${picture.rows} patches. Arrows move the query.`}
      style={{
        aspectRatio: `${picture.width} / ${picture.height}`,
        "--aw-aspect": picture.width / picture.height,
      }}
      data-coarse={width > 3 * picture.width || undefined}
      data-hiding={hiding || undefined}
      data-stale={view.session.problem.value !== null}
    >
      <canvas ref={ground} class="aw-picture-ground" />
      <canvas ref={heat} class="aw-picture-heat" aria-hidden="true" />
      {cutout !== null && <CutoutFrame picture={picture} cutout={cutout} />}
    </div>
  );
}

function keepPainted(
  view: View,
  number: FieldNumber,
  surface: PatchSurface,
  canvas: HTMLCanvasElement,
  over: Over,
  signal: AbortSignal,
): void {
  const { environment, palette } = view;
  const context = canvas.getContext("2d");
  const box = canvas.parentElement;
  if (context === null || box === null) return;
  repaint(view, number, signal, () => {
    const looks = looksOf(view, number);
    clear(context, surface, environment.ratio.peek());
    const inks = inksOf(box, palette.peek());
    paintPatches(context, patchMarks(surface, looks), outlinesOf(surface, looks), inks, over);
  });
}
