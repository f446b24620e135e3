import { accent, tone } from "../lib/colour";
import { weight } from "../lib/format";
import type { Direction } from "../state";
import { useView } from "./view";

/** The colours from nothing to the largest weight. */
export function Scale({ direction, peak }: { readonly direction: Direction; readonly peak: number }) {
  const { ramp } = accent(useView().palette.value, direction);
  const stops = Array.from({ length: 17 }, (_, index) => {
    const from = Math.round(tone(index, 16) * 255) * 3;
    return `rgb(${ramp[from]} ${ramp[from + 1]} ${ramp[from + 2]})`;
  });
  return (
    <span class="aw-scale">
      <span class="aw-number">0</span>
      <span
        class="aw-scale-bar"
        style={{ backgroundImage: `linear-gradient(to right, ${stops.join(", ")})` }}
      />
      <span class="aw-number">{weight(peak)}</span>
    </span>
  );
}
