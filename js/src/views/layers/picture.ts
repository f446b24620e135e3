import { fading, isExplicit } from "../../focus/kept";
import { isVisible, type StripOnShow } from "../../focus/strips";
import { accent, fullTone, type Palette, rampOf, type ToneScale } from "../../lib/colour";
import type { Filter } from "../../session/filter";
import type { LayersPicture } from "./paint";
import { stripPixels } from "./pixels";
import type { LayersScene } from "./scene";

/** Makes the scene of a strip: on the page what is seen of it, in a figure as much as may be. */
export type LayLayers = (offset: number, tallest?: number) => LayersScene;

/** The cell that was pointed at may be gone. */
export function cellIn<Cell extends { layer: number; token: number }>(strip: StripOnShow, cell: Cell | null) {
  return cell !== null && cell.layer < strip.layers && cell.token < strip.count ? cell : null;
}

/** Layers without numbers, the tokens that matter most in any layer, and the weight of each in all of them, sinks left out. */
export function factsOf({ values, layers, count, sinks }: StripOnShow) {
  const silent = new Set<number>();
  const most = new Float32Array(count);
  for (let layer = 0; layer < layers; layer++) {
    if (Number.isNaN(values[layer * count])) silent.add(layer);
    else
      for (let token = 0; token < count; token++) {
        const amount = sinks[layer]?.has(token) ? 0 : Math.abs(values[layer * count + token] as number);
        if (amount > (most[token] as number)) most[token] = amount;
      }
  }
  const sums = new Float32Array(count);
  values.forEach((each, index) => {
    const token = index % count;
    const value = Math.abs(each);
    if (value > 0 && !sinks[Math.floor(index / count)]?.has(token))
      sums[token] = (sums[token] as number) + value;
  });
  const matter = Array.from(most.keys()).filter((token) => (most[token] as number) >= 0.1);
  matter.sort((one, other) => (most[other] as number) - (most[one] as number));
  return { silent, strong: matter.slice(0, 3), sums };
}

/** Cells as pixels, and what is written into them. */
export function pictureOf(
  strip: StripOnShow,
  turned: boolean,
  filter: Filter,
  scale: ToneScale,
  palette: Palette,
): LayersPicture {
  const { strong } = accent(palette, strip.direction);
  const signed = strip.signed === true;
  const ramp = rampOf(palette, strip.direction, signed);
  const { layers, count, values, sinks, exact } = strip;
  const full = fullTone(scale, strip.peak);
  // Only where much goes: weights near nothing are all ".01", and make the strong ones hard to find.
  const least = Math.max(0.005, strip.peak / 4);
  const seen = (token: number) => isVisible(strip, token);
  const faded = stripFading(strip, filter);
  const image = stripPixels(
    { layers, count, values, full, isVisible: seen, fading: faded, signed },
    ramp,
    turned,
  );
  const printed = (layer: number, token: number) =>
    seen(token) && (faded?.[layer * count + token] ?? 1) === 1
      ? (values[layer * count + token] ?? null)
      : null;
  const faint = new Set<number>();
  const drawn = sinks.map((found) => (found.size === 0 ? faint : new Set([...found].filter(seen))));
  return { image, printed: exact ? printed : null, sinks: drawn, full, least, ramp, signed, strong };
}

/** Each layer's row, or column, by itself. */
function stripFading({ values, layers, count, sinks }: StripOnShow, filter: Filter): Float32Array | null {
  if (!isExplicit(filter)) return null;
  const faded = new Float32Array(values.length);
  for (let layer = 0; layer < layers; layer++) {
    const line = fading(
      values.subarray(layer * count, (layer + 1) * count),
      sinks[layer] ?? new Set(),
      filter,
    );
    if (line !== null) faded.set(line, layer * count);
  }
  return faded;
}
