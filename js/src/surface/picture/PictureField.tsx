import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Segmented } from "../../controls/Segmented";
import { Toggle } from "../../controls/Toggle";
import { Boundary } from "../../display/Boundary";
import { useView, useWidth, type View } from "../../display/view";
import { withHidden } from "../../edits/hidden-tokens";
import type { FieldNumber } from "../../session/axes";
import { guarded, watch } from "../../session/watch";
import { isChangeable } from "../../what-if/changeable";
import type { PatchPlace, PictureTold } from "../../wire/types";
import { inksOf } from "../Heat";
import { look, looksOf, markLook, pinIn } from "../looks";
import { Chip } from "../Mirror";
import { LayerPictures } from "./LayerPictures";
import { OtherPicture } from "./OtherPicture";
import { type Over, paintPatches } from "./paint";
import { PatchSurface } from "./patches";
import "./style.css";

/** The pictures of a field and the special tokens beside them, in place of a text. */
export function PictureField({ number }: { readonly number: FieldNumber }) {
  const { session, derived, layout } = useView();
  const field = useRef<HTMLDivElement>(null);
  const over = useSignal<Over>("colour");
  const hiding = useSignal(false);
  const { tokens } = derived.fields[number].value;
  const pictures = session.shown.value?.frame.header.pictures ?? [];
  const places = tokens?.places ?? nowhere;
  const beside = places.flatMap((place, token) => (place === null ? [token] : []));
  return (
    <div ref={field} class="aw-field aw-pictures" data-field={number} tabIndex={-1}>
      {pictures.length === 0 && <div class="aw-picture" data-empty="" />}
      {pictures.map((picture, place) => (
        <Boundary key={`${place} ${picture.name}`} of="The picture">
          <Sheet
            number={number}
            place={place}
            picture={picture}
            places={places}
            over={over.value}
            hiding={hiding.value}
          />
        </Boundary>
      ))}
      <div class="aw-picture-side">
        <div class="aw-picture-tools">
          {beside.map((token) => (
            <Chip key={token} token={token} number={number} />
          ))}
          <Segmented
            label="Heat over the picture"
            choices={ways}
            value={over.value}
            onChoose={(next) => {
              over.value = next;
            }}
          />
          {isChangeable(session) && (
            <Toggle
              value="hide"
              text="hide by painting"
              title="Paint over patches: no other token reads them any more. Paint over them again to bring them back."
              pressed={hiding.value}
              onPress={(pressed) => {
                hiding.value = pressed;
              }}
            />
          )}
        </div>
        {number === 0 && session.about.value?.editable === true && <OtherPicture field={field} />}
        {pictures.map((picture) => (
          <p key={picture.name} class="aw-picture-note">
            {picture.width} × {picture.height} pixels, {picture.columns} × {picture.rows} patches
            {picture.note !== "" && ` · ${picture.note}`}
          </p>
        ))}
        {layout.value.columns === 3 && pictures.length === 1 && pictures[0] !== undefined && (
          <Boundary of="The layers" instead={null}>
            <LayerPictures place={0} picture={pictures[0]} places={places} />
          </Boundary>
        )}
      </div>
    </div>
  );
}

const nowhere: readonly (PatchPlace | null)[] = [];

/** How what is read is told. */
const ways = [
  { value: "colour", text: "colour", title: "What is read is coloured" },
  { value: "light", text: "light", title: "What is not read goes dark" },
] as const;

interface SheetProps {
  readonly number: FieldNumber;
  readonly place: number;
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
  readonly over: Over;
  /** Whether the pointer hides what it paints over. */
  readonly hiding: boolean;
}

/** One picture: its colours on one canvas, the heat on another over it. Nothing of it changes when the pointer moves but what is painted. */
function Sheet({ number, place, picture, places, over, hiding }: SheetProps) {
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
  useEffect(() => {
    if (ground.current === null || file === null) return;
    const life = new AbortController();
    void putDown(file, ground.current, life.signal);
    return () => life.abort();
  }, [file]);
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
      class="aw-picture"
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
    </div>
  );
}

async function putDown(file: Blob, canvas: HTMLCanvasElement, signal: AbortSignal): Promise<void> {
  const bitmap = await createImageBitmap(file);
  if (!signal.aborted) {
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  }
  bitmap.close();
}

/** Paints when anything of it has changed, at most once a frame. */
function keepPainted(
  view: View,
  number: FieldNumber,
  surface: PatchSurface,
  canvas: HTMLCanvasElement,
  over: Over,
  signal: AbortSignal,
): void {
  const { session, environment, palette } = view;
  const context = canvas.getContext("2d");
  const box = canvas.parentElement;
  if (context === null || box === null) return;
  let frame = 0;
  const paint = () => {
    frame = 0;
    const ratio = environment.ratio.peek();
    const [across, down] = [Math.round(surface.width * ratio), Math.round(surface.height * ratio)];
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    const looks = looksOf(view, number);
    const marks = surface.tokens.flatMap((token) => {
      const [rect] = surface.rects(token);
      return rect === undefined ? [] : [{ rect, ...markLook(looks, [token]) }];
    });
    const within =
      ([start, stop]: readonly [number, number]) =>
      (token: number) =>
        token >= start && token < stop;
    const outlines = {
      query: surface.outline(within(looks.pinned)),
      focus: surface.outline(within(looks.focus)),
      marked: looks.marked === null ? [] : surface.outline((token) => token === looks.marked),
    };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, down);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintPatches(context, marks, outlines, inksOf(box, palette.peek()), over);
  };
  const soon = () => {
    if (frame === 0) frame = requestAnimationFrame(guarded(session, paint));
  };
  watch(session, signal, () => {
    looksOf(view, number);
    palette.value;
    environment.ratio.value;
    soon();
  });
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
}

/** The pointer looks, a click or a drag chooses the query, the arrows move it. While it hides, a drag paints patches out, or in again. */
function hear(
  view: View,
  number: FieldNumber,
  laid: () => PatchSurface,
  host: HTMLElement,
  hiding: boolean,
  signal: AbortSignal,
): void {
  const { session } = view;
  let from: number | null = null;
  /** What a stroke does: hides what it comes over, or brings it back. */
  let hides: boolean | null = null;
  const stroke = (token: number) => {
    const hidden = looksOf(view, number).hidden;
    hides ??= !hidden.has(token);
    if (hidden.has(token) === hides) return;
    const header = session.shown.peek()?.frame.header;
    const part = header !== undefined && header.parts.length > 1 ? header.part : null;
    session.setEdits(withHidden(session.traits.edits.peek(), [token], hides, part));
  };
  const tokenAt = (event: PointerEvent) => {
    const { left, top, width } = host.getBoundingClientRect();
    const scale = width / laid().width;
    return laid().hit((event.clientX - left) / scale, (event.clientY - top) / scale);
  };
  const moved = (event: PointerEvent) => {
    const token = tokenAt(event);
    if (hides !== null && token !== null) return stroke(token);
    if (from !== null && token !== null)
      return pinIn(view, number, [Math.min(from, token), Math.max(from, token) + 1]);
    look(view, number, token);
  };
  const pressed = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const token = tokenAt(event);
    if (token === null) return;
    host.setPointerCapture(event.pointerId);
    look(view, number, null);
    if (hiding) return stroke(token);
    from = token;
    pinIn(view, number, [from, from + 1]);
  };
  const ended = () => {
    from = null;
    hides = null;
  };
  const left = () => {
    ended();
    look(view, number, null);
  };
  const typed = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    // What was chosen last, whether its map is here or not: keys come faster.
    const [start] = session.traits.query.peek();
    const token = laid().beside(start, ...step) ?? (laid().tokens.includes(start) ? null : laid().tokens[0]);
    event.preventDefault();
    event.stopPropagation();
    if (token != null) pinIn(view, number, [token, token + 1]);
  };
  host.addEventListener("pointermove", moved, { signal });
  host.addEventListener("pointerdown", pressed, { signal });
  host.addEventListener("pointerup", ended, { signal });
  host.addEventListener("pointerleave", left, { signal });
  host.addEventListener("keydown", typed, { signal });
}

const steps: Readonly<Record<string, readonly [down: number, across: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
