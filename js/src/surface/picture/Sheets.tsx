import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { Boundary } from "../../display/Boundary";
import { useView } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import type { PatchPlace, PictureTold } from "../../wire/types";
import type { Cutout } from "./cutout/cutout";
import type { DrawnPicture } from "./figure";
import { Sheet } from "./Sheet";

interface Props {
  readonly number: FieldNumber;
  readonly pictures: readonly PictureTold[];
  readonly places: readonly (PatchPlace | null)[];
  readonly drawn: Map<number, DrawnPicture>;
  readonly hiding: Signal<boolean>;
  /** The part that is chosen to be read alone; null while none is to be. */
  readonly cutout?: Signal<Cutout | null> | null;
  /** What stands around each, by its place. */
  readonly around?: (sheet: VNode, place: number) => VNode;
}

/** All pictures of a field, each with its heat. */
export function Sheets({ number, pictures, places, drawn, hiding, cutout = null, around }: Props) {
  const { over } = useView().session.traits.look.value;
  return (
    <>
      {pictures.map((picture, place) => {
        const sheet = (
          <Boundary key={`${place} ${picture.name}`} of="The picture">
            <Sheet
              number={number}
              place={place}
              picture={picture}
              places={places}
              over={over}
              hiding={hiding.value}
              drawn={drawn}
              cutout={cutout}
            />
          </Boundary>
        );
        return around === undefined ? sheet : around(sheet, place);
      })}
    </>
  );
}
