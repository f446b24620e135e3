import { useView } from "../display/view";
import {
  accent,
  effectTone,
  hexOf,
  inkOn,
  mix,
  placeOf,
  type Ramp,
  rampColour,
  rampOf,
  rgbOf,
  signedSteps,
  tone,
  toneSteps,
} from "../lib/colour";
import { signedWeight, toneNumber } from "../lib/format";
import type { Direction } from "../wire/types";

interface ScaleProps {
  readonly direction: Direction;
  /** What has the full tone. */
  readonly full: number;
  /** Whether the numbers have a sign: then nothing is in the middle. */
  readonly signed?: boolean;
  /** How much of what is under it the full tone covers, where it is laid over a picture. */
  readonly covers?: number | undefined;
}

/** Some tones with the weights that they stand for: each number stands on its own tone. */
export function Scale({ direction, full, signed = false, covers }: ScaleProps) {
  const view = useView();
  const colours = view.palette.value;
  const ramp = rampOf(colours, direction, signed);
  const [strong, ground] = [rgbOf(accent(colours, direction).strong), rgbOf(colours.ground)];
  return (
    <span class="aw-scale">
      {view.derived.scale.value === "stretch" && "stretched"}
      <span class="aw-tones aw-number">
        {(signed ? signedSteps : toneSteps).map((share) => {
          const colour =
            covers === undefined || signed
              ? rampColour(ramp, placeOf(share, 1, signed))
              : mix(strong, covers * tone(share, 1), ground);
          const style = { background: hexOf(colour), color: inkOn(colour) };
          return (
            <span key={share} style={style}>
              {signed ? signedWeight(share * full, toneNumber) : toneNumber(share * full)}
            </span>
          );
        })}
      </span>
    </span>
  );
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

/** The colours of numbers with a sign that are no weights. */
export function SignedBar({ from, to }: { readonly from: string; readonly to: string }) {
  return <Bar ramp={useView().palette.value.signed} from={from} to={to} />;
}

/** The colours of effects on the answer, both ways as far as the full tone. */
export function EffectScale({ full, unit }: { readonly full: number; readonly unit: string }) {
  const size = toneNumber(full);
  const place = (share: number) => effectTone(Math.sign(share - 0.5) * (2 * share - 1) ** 2, 1);
  const { effect } = useView().palette.value;
  return <Bar ramp={effect} from={`helps −${size}`} to={`+${size} ${unit} hurts`} place={place} />;
}

interface BarProps {
  readonly ramp: Ramp;
  readonly from: string;
  readonly to: string;
  /** On the ramp, of a share of the bar. */
  readonly place?: (share: number) => number;
}

function Bar({ ramp, from, to, place = (share) => share }: BarProps) {
  const stops = Array.from({ length: 17 }, (_, index) => hexOf(rampColour(ramp, place(index / 16))));
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
