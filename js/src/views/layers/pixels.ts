import { type Pixels, putColour } from "../../drawing/pixels";
import { placeOf, type Ramp } from "../../lib/colour";

export interface StripValues {
  /** By layer and token. */
  readonly values: ArrayLike<number>;
  readonly layers: number;
  readonly count: number;
  readonly full: number;
  readonly isVisible: (token: number) => boolean;
  /** How much of its tone each value keeps. */
  readonly fading?: ArrayLike<number> | null;
  /** Whether they have a sign: then nothing is the middle of the ramp. */
  readonly signed?: boolean;
}

/** Weights -> one pixel each, layers downwards or, turned, to the right. What is unseen or no number stays transparent. */
export function stripPixels(strip: StripValues, ramp: Ramp, turned: boolean): Pixels {
  const { values, layers, count, full, fading = null, signed = false } = strip;
  const data = new Uint8ClampedArray(layers * count * 4);
  for (let token = 0; token < count; token++) {
    if (!strip.isVisible(token)) continue;
    for (let layer = 0; layer < layers; layer++) {
      const index = layer * count + token;
      const weight = values[index] as number;
      if (Number.isNaN(weight)) continue;
      const place = placeOf(weight, full, signed, fading?.[index]);
      putColour(data, turned ? token * layers + layer : index, ramp, place);
    }
  }
  return turned ? { width: layers, height: count, data } : { width: count, height: layers, data };
}
