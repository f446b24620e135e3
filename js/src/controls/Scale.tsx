import { useView } from "../display/view";
import { accent, type Ramp, rampColour, tone } from "../lib/colour";
import { weight } from "../lib/format";
import type { Direction } from "../wire/types";

/** The colours from nothing to the largest weight. */
export function Scale({ direction, peak }: { readonly direction: Direction; readonly peak: number }) {
  const { ramp } = accent(useView().palette.value, direction);
  return <Bar ramp={ramp} from="0" to={weight(peak)} place={(share) => tone(share, 1)} />;
}

/** The colours of numbers that are no weights, from the least to the largest. */
export function LinearScale(props: {
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
}) {
  const { ramp } = accent(useView().palette.value, props.direction);
  return <Bar ramp={ramp} from={props.from} to={props.to} />;
}

/** The colours of numbers with a sign: nothing is in the middle. */
export function SignedScale({ from, to }: { readonly from: string; readonly to: string }) {
  return <Bar ramp={useView().palette.value.signed} from={from} to={to} />;
}

interface BarProps {
  readonly ramp: Ramp;
  readonly from: string;
  readonly to: string;
  readonly place?: (share: number) => number;
}

function Bar({ ramp, from, to, place = (share) => share }: BarProps) {
  const stops = Array.from(
    { length: 17 },
    (_, index) => `rgb(${rampColour(ramp, place(index / 16)).join(" ")})`,
  );
  return (
    <span class="aw-scale">
      <span class="aw-number">{from}</span>
      <span
        class="aw-scale-bar"
        style={{ backgroundImage: `linear-gradient(to right, ${stops.join(", ")})` }}
      />
      <span class="aw-number">{to}</span>
    </span>
  );
}
