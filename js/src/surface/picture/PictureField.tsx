import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Segmented } from "../../controls/Segmented";
import { Toggle } from "../../controls/Toggle";
import { Boundary } from "../../display/Boundary";
import { useFigure } from "../../display/figures";
import { useView } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { isChangeable } from "../../what-if/changeable";
import type { PatchPlace } from "../../wire/types";
import { Chip } from "../Mirror";
import { type DrawnPicture, pictureFigure } from "./figure";
import { LayerPictures } from "./LayerPictures";
import { OtherPicture } from "./OtherPicture";
import { Sheet } from "./Sheet";
import "./style.css";

/** The pictures of a field and the special tokens beside them, in place of a text. */
export function PictureField({ number }: { readonly number: FieldNumber }) {
  const view = useView();
  const { session, derived, layout } = view;
  const field = useRef<HTMLDivElement>(null);
  const drawn = useRef(new Map<number, DrawnPicture>()).current;
  const { over } = session.traits.look.value;
  const hiding = useSignal(false);
  const { tokens } = derived.fields[number].value;
  const pictures = session.shown.value?.frame.header.pictures ?? [];
  const places = tokens?.places ?? nowhere;
  const beside = places.flatMap((place, token) => (place === null ? [token] : []));
  useFigure("picture", (look) => {
    const inOrder = [...drawn.values()].sort((one, other) => one.place - other.place);
    return pictureFigure(view, number, inOrder, look);
  });
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
            over={over}
            hiding={hiding.value}
            drawn={drawn}
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
            value={over}
            onChoose={(next) => session.setOver(next)}
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

const nowhere: readonly (PatchPlace | null)[] = [];

/** How what is read is told. */
const ways = [
  { value: "colour", text: "colour", title: "What is read is coloured" },
  { value: "light", text: "light", title: "What is not read goes dark" },
] as const;
