import { fading } from "../../../focus/kept";
import { type MapOnShow, peakOf } from "../../../focus/maps";
import { fullTone, type ToneScale, tone, type Way } from "../../../lib/colour";
import type { Filter } from "../../../session/filter";
import { stretchesOf } from "../heat";
import type { Resting } from "../paint";
import type { TimeSurface } from "../times";
import type { RowsOf } from "./cross-rows";
import type { Lane } from "./lane";

/** The bar of heat of one row: a colour for every sign, and sinks. */
export interface Bar {
  readonly bands: readonly { readonly way: Way | null; readonly tones: Float32Array }[];
  readonly resting: readonly Resting[];
}

/** Weights of a row -> what is painted along its time; `top` is where its bar begins. */
export function barOf(
  weights: Float32Array,
  { signed, sinks }: Pick<MapOnShow, "signed" | "sinks">,
  full: number,
  filter: Filter,
  surface: TimeSurface,
  ratio: number,
  top: number,
): Bar {
  const faded = fading(weights, sinks, filter);
  const tones = weights.map((weight, key) => tone(Math.abs(weight), full) * (faded?.[key] ?? 1));
  const only = (holds: (key: number) => boolean) =>
    surface.across(
      tones.map((strength, key) => (holds(key) ? strength : 0)),
      ratio,
    );
  if (signed) {
    const more = only((key) => (weights[key] as number) >= 0);
    const less = only((key) => (weights[key] as number) < 0);
    return {
      bands: [
        { way: "more", tones: more },
        { way: "less", tones: less },
      ],
      resting: [],
    };
  }
  const resting = stretchesOf(
    surface.tokens.filter((key) => sinks.has(key) && (tones[key] as number) > 0),
    surface,
  ).map(({ time, tokens }) => ({
    rect: { ...surface.stretch(time), y: top },
    tone: Math.max(...tokens.map((key) => tones[key] as number)),
  }));
  return { bands: [{ way: null, tones: only((key) => !sinks.has(key)) }], resting };
}

/** The weight of the full tone of all words together: stretched it is the largest that any of them reads, outside sinks. */
export function fullOfLanes(
  { sinks }: Pick<MapOnShow, "sinks">,
  lanes: readonly Pick<Lane, "token">[],
  rows: RowsOf,
  scale: ToneScale,
): number {
  if (scale !== "stretch") return scale;
  const peaks = lanes.map(({ token }) => {
    const weights = rows(token);
    return weights === null ? 0 : peakOf(weights, sinks);
  });
  return fullTone(scale, Math.max(1e-9, ...peaks));
}
