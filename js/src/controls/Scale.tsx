import { useView } from "../display/view";
import { accent, type Ramp, tone } from "../lib/colour";
import { weight } from "../lib/format";
import type { Direction } from "../wire/types";

/** The colours from nothing to the largest weight. */
export function Scale({ direction, peak }: { readonly direction: Direction; readonly peak: number }) {
  return <Bar direction={direction} from="0" to={weight(peak)} place={(share) => tone(share, 1)} />;
}

/** The colours of numbers that are no weights, from the least to the largest. */
export function LinearScale(props: {
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
}) {
  return <Bar {...props} place={(share) => share} />;
}

interface BarProps {
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
  readonly place: (share: number) => number;
}

function Bar({ direction, from, to, place }: BarProps) {
  const { ramp } = accent(useView().palette.value, direction);
  const stops = Array.from({ length: 17 }, (_, index) => colourAt(ramp, place(index / 16)));
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

function colourAt(ramp: Ramp, place: number): string {
  const at = Math.round(place * 255) * 3;
  return `rgb(${ramp[at]} ${ramp[at + 1]} ${ramp[at + 2]})`;
}
