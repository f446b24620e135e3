import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Segmented } from "../../../controls/Segmented";
import { Toggle } from "../../../controls/Toggle";
import { Boundary } from "../../../display/Boundary";
import { useFigure } from "../../../display/figures";
import { useView } from "../../../display/view";
import type { FieldNumber } from "../../../session/axes";
import { isChangeable } from "../../../what-if/changeable";
import type { PatchPlace, PictureTold } from "../../../wire/types";
import { type DrawnPicture, pictureFigure } from "../figure";
import { Sheet } from "../Sheet";
import { ways } from "../ways";
import { RowShares } from "./RowShares";
import "../style.css";

/** The pictures that placeholders of a text stand for, beside it; nothing where none does. */
export function PicturesOfText({ number }: { readonly number: FieldNumber }) {
  const { session, derived } = useView();
  const places = derived.fields[number].value.tokens?.placeholders;
  const pictures = session.shown.value?.frame.header.pictures ?? none;
  if (places === undefined || pictures.length === 0) return null;
  return (
    <>
      <Beside number={number} places={places} pictures={pictures} />
      <RowShares number={number} places={places} count={pictures.length} />
    </>
  );
}

const none: readonly PictureTold[] = [];

interface Props {
  readonly number: FieldNumber;
  readonly places: readonly (PatchPlace | null)[];
  readonly pictures: readonly PictureTold[];
}

function Beside({ number, places, pictures }: Props) {
  const view = useView();
  const { session } = view;
  const drawn = useRef(new Map<number, DrawnPicture>()).current;
  const { over } = session.traits.look.value;
  const hiding = useSignal(false);
  useFigure("picture", (look) => {
    const inOrder = [...drawn.values()].sort((one, other) => one.place - other.place);
    return pictureFigure(view, number, inOrder, look);
  });
  return (
    <div class="aw-text-pictures" data-count={pictures.length}>
      <div class="aw-text-pictures-row">
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
              cutout={null}
            />
          </Boundary>
        ))}
      </div>
      <div class="aw-picture-tools">
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
    </div>
  );
}
