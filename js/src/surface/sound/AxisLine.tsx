import { useMemo } from "preact/hooks";
import { type Axis, ticksOf, xOf } from "./times";

interface Props {
  readonly axis: Axis;
  readonly height: number;
}

/** The time, in seconds. */
export function AxisLine({ axis, height }: Props) {
  const ticks = useMemo(() => ticksOf(axis), [axis]);
  return (
    <div class="aw-time-axis" style={{ height: `${height}px` }} aria-hidden="true">
      {ticks.map(({ time, label }) => (
        <span key={time} style={{ left: `${xOf(axis, time)}px` }}>
          {label}
        </span>
      ))}
    </div>
  );
}
