import { useSignal } from "@preact/signals";
import { useView } from "../../../display/view";
import type { FieldNumber } from "../../../session/axes";
import type { PatchPlace, PictureTold } from "../../../wire/types";
import { PictureTools } from "../PictureTools";
import { Sheets } from "../Sheets";
import { useDrawn } from "../use-drawn";
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
  const drawn = useDrawn(number);
  const hiding = useSignal(false);
  return (
    <div class="aw-text-pictures" data-count={pictures.length}>
      <div class="aw-text-pictures-row">
        <Sheets number={number} pictures={pictures} places={places} drawn={drawn} hiding={hiding} />
      </div>
      <PictureTools hiding={hiding} />
    </div>
  );
}
