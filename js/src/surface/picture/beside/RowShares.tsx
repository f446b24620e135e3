import { spanLabel } from "../../../controls/Toolbar";
import { useView } from "../../../display/view";
import type { FieldNumber } from "../../../session/axes";
import type { PatchPlace } from "../../../wire/types";
import { sharesOf } from "./shares";

interface Props {
  readonly number: FieldNumber;
  readonly places: readonly (PatchPlace | null)[];
  /** How many pictures there are. */
  readonly count: number;
}

/** How much of the row that is looked at goes to the pictures, to the text, and to sinks: a frame of the screen behind the pointer. */
export function RowShares({ number, places, count }: Props) {
  const { numbers } = useView();
  const weights = numbers.row.value;
  const map = numbers.map.value;
  const asked = numbers.asked.value;
  const [start, stop] = numbers.focus.value;
  const { answers } = numbers.fields[number].value;
  if (!answers || numbers.direction.value !== "reads") return null;
  if (weights === null || map === null || asked === null || map.signed || stop <= start) return null;
  const { pictures, text, sinks } = sharesOf(weights, places, map.sinks);
  return (
    <p
      class="aw-row-shares aw-number"
      title="Sinks are read whatever they stand for: they count as such, in the text and in the pictures."
    >
      <b dir="auto">{spanLabel(asked, [start, stop])}</b> reads {pictures.toFixed(2)} of its row in the{" "}
      {count === 1 ? "picture" : "pictures"}, {text.toFixed(2)} in the text
      {map.sinks.size > 0 && `, ${sinks.toFixed(2)} in sinks`}
    </p>
  );
}
