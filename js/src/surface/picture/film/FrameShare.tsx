import { useView } from "../../../display/view";
import type { FieldNumber } from "../../../session/axes";
import type { PatchPlace, PictureTold } from "../../../wire/types";
import { frameName, frameShares } from "./film";

interface Props {
  readonly number: FieldNumber;
  readonly place: number;
  readonly pictures: readonly PictureTold[];
  readonly places: readonly (PatchPlace | null)[];
}

/** Under a frame of a video: which it is, and how much of the row, or the column, it has. The longest bar is the frame that has most. */
export function FrameShare({ number, place, pictures, places }: Props) {
  const { numbers } = useView();
  const picture = pictures[place];
  if (picture === undefined) return null;
  const reads = numbers.direction.value === "reads";
  const weights = reads ? numbers.row.value : numbers.column.value;
  const told = numbers.fields[number].value.answers && numbers.map.value?.signed === false;
  const shares = told && weights !== null ? frameShares(weights, places, pictures.length) : null;
  const share = shares?.[place] ?? 0;
  const most = Math.max(...(shares ?? [0]));
  return (
    <figcaption
      class="aw-film-share"
      title="How much of what is looked at this frame has: the sum over its patches"
    >
      <span class="aw-film-bar" aria-hidden="true">
        <span style={{ width: `${most > 0 ? (100 * share) / most : 0}%` }} />
      </span>
      <span>
        {frameName(picture)}
        {shares !== null && <b class="aw-number">{share.toFixed(3)}</b>}
      </span>
    </figcaption>
  );
}
