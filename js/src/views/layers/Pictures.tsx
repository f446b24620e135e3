import { useMemo, useRef } from "preact/hooks";
import { useFigure } from "../../display/figures";
import { clearHover, type Room, useRoom, useView, type View } from "../../display/view";
import { pinLayer, type StripOnShow } from "../../focus/strips";
import { fullTone } from "../../lib/colour";
import { useBitmap } from "../../surface/media/use-bitmap";
import { PatchSurface } from "../../surface/picture/patches";
import { SmallPicture } from "../../surface/picture/SmallPicture";
import type { PatchPlace, PictureTold, Tokens } from "../../wire/types";
import { showCell } from "./input";
import { picturesFigure } from "./pictures-figure";
import { numberOf } from "./words";

/** What is pictured: the one picture that the tokens of a strip stand in. */
export interface Pictured {
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
}

/** Null where the tokens stand in no picture, or in several. Reads signals. */
export function picturedIn({ session }: View, tokens: Tokens | null): Pictured | null {
  const [picture, another] = session.shown.value?.frame.header.pictures ?? [];
  if (picture === undefined || another !== undefined || tokens?.places === undefined) return null;
  return { picture, places: tokens.places };
}

interface Props extends Pictured {
  readonly strip: StripOnShow;
  readonly tokens: Tokens;
  readonly asked: Tokens;
  readonly late: boolean;
}

/** The picture once for every layer, with what the query reads there. What is pointed at has its number in all of them. */
export function LayersPictures({ picture, places, strip, tokens, asked, late }: Props) {
  const view = useView();
  const { session, local, derived } = view;
  const host = useRef<HTMLDivElement>(null);
  const room = useRoom(host);
  const bitmap = useBitmap(session.pictures.of(picture.name));
  const width = widthFor(room, strip.layers, picture.height / picture.width);
  const surface = useMemo(() => new PatchSurface(picture, 0, places, width), [picture, places, width]);
  const full = fullTone(derived.scale.value, strip.peak);
  const marked = local.marked.value;
  const { layer } = session.clampedHead();
  useFigure("stage", (look) =>
    bitmap === null ? null : picturesFigure(view, { picture, places, strip, asked, bitmap, full }, look),
  );
  return (
    <div
      class="aw-layers aw-view-grid aw-layer-sheets"
      data-exact={strip.exact && !late}
      data-layers={strip.layers}
      aria-busy={late}
    >
      <div ref={host} class="aw-layer-pictures" onPointerLeave={() => clearHover(view)}>
        {room.width > 0 &&
          Array.from({ length: strip.layers }, (_, number) => (
            <button
              key={number}
              type="button"
              aria-pressed={number === layer}
              disabled={(session.heads.value[number] ?? 0) === 0}
              onClick={() => pinLayer(view, number)}
            >
              <SmallPicture
                surface={surface}
                strip={strip}
                layer={number}
                full={full}
                bitmap={bitmap}
                marked={marked}
                onPoint={(token) => {
                  if (token !== null) showCell(view, { layer: number, token });
                }}
              />
              <span>
                layer {number}
                {marked !== null && tokens.pieces[marked] !== undefined && (
                  <span class="aw-unit">
                    {" "}
                    · {tokens.pieces[marked]} <span class="aw-number">{numberOf(strip, number, marked)}</span>
                  </span>
                )}
              </span>
            </button>
          ))}
      </div>
    </div>
  );
}

/** Pixels between pictures, and for what is written under one. */
const gap = 10;
const words = 20;
const [smallest, usual, largest] = [96, 200, 300];

/** The width of a picture, so that all layers are in sight where that leaves them large enough; else they are scrolled through. */
export function widthFor({ width, tallest }: Room, layers: number, aspect: number): number {
  const across = (columns: number) => Math.floor((width - (columns - 1) * gap) / columns);
  // A page that grows with them is scrolled anyway.
  if (tallest === undefined)
    return Math.max(1, across(Math.max(1, Math.min(layers, Math.round(width / usual)))));
  let best = 0;
  for (let columns = 1; columns <= layers; columns++) {
    const rows = Math.ceil(layers / columns);
    const high = ((tallest - (rows - 1) * gap) / rows - words) / aspect;
    best = Math.max(best, Math.min(across(columns), Math.floor(high)));
  }
  return Math.max(1, Math.min(Math.max(smallest, Math.min(largest, best)), Math.max(1, width)));
}
