import { useView } from "../display/view";
import {
  accent,
  effectTone,
  hexOf,
  inkOn,
  type Ramp,
  type Rgb,
  rampColour,
  signedSteps,
  signedTone,
  tone,
  toneSteps,
} from "../lib/colour";
import { signedWeight, toneNumber } from "../lib/format";
import type { Direction } from "../wire/types";

/** Some tones with the weights that they stand for; `full` has the full one. */
export function Scale({ direction, full }: { readonly direction: Direction; readonly full: number }) {
  const view = useView();
  const { ramp } = accent(view.palette.value, direction);
  const stretched = view.derived.scale.value === "stretch";
  return (
    <span class="aw-scale">
      {stretched && "stretched"}
      <Tones shares={toneSteps} full={full} colour={(share) => rampColour(ramp, tone(share, 1))} />
    </span>
  );
}

/** The same of numbers with a sign: nothing is in the middle. */
export function SignedScale({ full }: { readonly full: number }) {
  const view = useView();
  const { signed } = view.palette.value;
  const stretched = view.derived.scale.value === "stretch";
  return (
    <span class="aw-scale">
      {stretched && "stretched"}
      <Tones shares={signedSteps} full={full} colour={(share) => rampColour(signed, signedTone(share, 1))} />
    </span>
  );
}

interface TonesProps {
  readonly shares: readonly number[];
  readonly full: number;
  readonly colour: (share: number) => Rgb;
}

/** Each number stands on its own tone. */
function Tones({ shares, full, colour }: TonesProps) {
  const write = shares === signedSteps ? (change: number) => signedWeight(change, toneNumber) : toneNumber;
  return (
    <span class="aw-tones aw-number">
      {shares.map((share) => (
        <span key={share} style={{ background: hexOf(colour(share)), color: inkOn(colour(share)) }}>
          {write(share * full)}
        </span>
      ))}
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
