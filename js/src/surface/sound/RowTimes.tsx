import { spanLabel } from "../../controls/Toolbar";
import { useView } from "../../display/view";
import { stretchLabel } from "../../lib/format";
import type { FieldNumber } from "../../session/axes";
import { mostOf, rowTimes } from "./row-times";

/** Where in time the row, or the column, that is looked at has its weight: a frame of the screen behind the pointer. */
export function RowTimes({ number }: { readonly number: FieldNumber }) {
  const { numbers } = useView();
  const { answers, tokens } = numbers.fields[number].value;
  const asked = numbers.asked.value;
  const reads = numbers.direction.value === "reads";
  const weights = reads ? numbers.row.value : numbers.column.value;
  const map = numbers.map.value;
  const [start, stop] = numbers.focus.value;
  if (!answers || tokens?.times === undefined || weights === null || asked === null || map === null)
    return null;
  if (map.signed || stop <= start) return null;
  const found = rowTimes(weights, tokens.times, reads ? map.sinks : none);
  if (found === null) return null;
  const { most, share, expectation, resting } = found;
  const whole = reads ? "row" : "column";
  const title =
    `The shortest stretch that holds ${mostOf.toFixed(2)} or more of the ${whole} within the sound` +
    `${resting > 0 ? `, without sinks, which have ${resting.toFixed(2)}` : ""}; the expectation is the mean of the time by weight.`;
  return (
    <span class="aw-row-times aw-number" title={title}>
      <b dir="auto">{spanLabel(asked, [start, stop])}</b> {reads ? "reads" : "is read by"}{" "}
      {stretchLabel(...most)} <span>({share.toFixed(2)})</span>, expectation {expectation.toFixed(2)} s
    </span>
  );
}

const none: ReadonlySet<number> = new Set();
