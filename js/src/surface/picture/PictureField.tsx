import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Toggle } from "../../controls/Toggle";
import { Boundary } from "../../display/Boundary";
import { useView } from "../../display/view";
import { behindLetters } from "../../lib/colour";
import type { FieldNumber } from "../../session/axes";
import type { PatchPlace } from "../../wire/types";
import { looksOf, markLook } from "../looks";
import { Chip } from "../Mirror";
import { OtherFile } from "../media/OtherFile";
import type { Cutout } from "./cutout/cutout";
import { ReadCutout } from "./cutout/ReadCutout";
import { FrameShare } from "./film/FrameShare";
import { LayerPictures } from "./LayerPictures";
import { PictureTools } from "./PictureTools";
import { Sheets } from "./Sheets";
import { useDrawn } from "./use-drawn";
import "./style.css";

/** The pictures of a field and the special tokens beside them, in place of a text. */
export function PictureField({ number }: { readonly number: FieldNumber }) {
  const view = useView();
  const { session, derived, layout } = view;
  const field = useRef<HTMLDivElement>(null);
  const drawn = useDrawn(number);
  const hiding = useSignal(false);
  const cutting = useSignal(false);
  const cutout = useSignal<Cutout | null>(null);
  const { tokens } = derived.fields[number].value;
  const pictures = session.shown.value?.frame.header.pictures ?? [];
  const places = tokens?.places ?? nowhere;
  const isReplaceable = number === 0 && session.about.value?.editable === true;
  const beside = places.flatMap((place, token) => (place === null ? [token] : []));
  const isFilm = pictures[0]?.frames !== undefined;
  const sheets = (
    <Sheets
      number={number}
      pictures={pictures}
      places={places}
      drawn={drawn}
      hiding={hiding}
      cutout={cutting.value ? cutout : null}
      {...(isFilm && {
        around: (sheet, place) => (
          <figure key={place} class="aw-film-frame">
            {sheet}
            <FrameShare number={number} place={place} pictures={pictures} places={places} />
          </figure>
        ),
      })}
    />
  );
  return (
    <div ref={field} class="aw-field aw-pictures" data-field={number} tabIndex={-1}>
      {pictures.length === 0 && <div class="aw-picture" data-empty="" />}
      {isFilm ? <div class="aw-film">{sheets}</div> : sheets}
      <div class="aw-picture-side">
        <PictureTools
          hiding={hiding}
          onHide={() => {
            cutting.value = false;
          }}
          before={beside.map((token) => <TonedChip key={token} token={token} number={number} />)}
        >
          {isReplaceable && pictures.length === 1 && !isFilm && (
            <Toggle
              value="crop"
              text="crop"
              title="Drag a frame over the picture: the model reads that part of it alone. Undo brings the whole back."
              pressed={cutting.value}
              onPress={(pressed) => {
                cutting.value = pressed;
                cutout.value = null;
                if (pressed) hiding.value = false;
              }}
            />
          )}
        </PictureTools>
        {isReplaceable && cutting.value && (
          <ReadCutout
            cutout={cutout.value}
            drawn={drawn}
            done={() => {
              cutting.value = false;
              cutout.value = null;
            }}
          />
        )}
        {isReplaceable && <OtherFile field={field} of={isFilm ? "video" : "picture"} />}
        {(isFilm ? pictures.slice(0, 1) : pictures).map((picture) => (
          <p key={picture.name} class="aw-picture-note">
            {picture.frames !== undefined && `${pictures.length} × ${picture.frames[1]} frames, `}
            {picture.width} × {picture.height} pixels, {picture.columns} × {picture.rows} patches
            {picture.note !== "" && ` · ${picture.note}`}
          </p>
        ))}
        {/* On the stage they are larger. */}
        {layout.value.columns === 3 &&
          session.traits.view.value !== "layers" &&
          pictures.length === 1 &&
          pictures[0] !== undefined && (
            <Boundary of="The layers" instead={null}>
              <LayerPictures place={0} picture={pictures[0]} places={places} />
            </Boundary>
          )}
      </div>
    </div>
  );
}

/** A special token with its heat: there is no text behind it that could have that. */
function TonedChip({ token, number }: { readonly token: number; readonly number: FieldNumber }) {
  const { tone, sink, query, focus, marked, hidden } = markLook(looksOf(useView(), number), [token]);
  return (
    <span
      class="aw-toned"
      style={{ "--aw-tone": `${(100 * behindLetters(tone)).toFixed(1)}%` }}
      data-sink={sink || undefined}
      data-ring={focus || query || marked || undefined}
      data-hidden={hidden || undefined}
    >
      <Chip token={token} number={number} />
    </span>
  );
}

const nowhere: readonly (PatchPlace | null)[] = [];
