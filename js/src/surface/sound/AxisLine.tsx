import { useMemo } from "preact/hooks";
import { type Axis, ticksOf, xOf } from "./times";

interface Props {
  readonly axis: Axis;
  readonly height: number;
}

/** Pixels of a label, and of what is to the right of the axis. */
const labelRoom = 36;
const rightRoom = 10;

/** The time, in seconds. */
export function AxisLine({ axis, height }: Props) {
  const ticks = useMemo(() => ticksOf(axis), [axis]);
  return (
    <div class="aw-time-axis" style={{ height: `${height}px` }} aria-hidden="true">
      {ticks.map(({ time, label }) => (
        <span key={time} style={{ left: `${xOf(axis, time)}px` }}>
          {/* What stands at the end would be cut. */}
          {xOf(axis, time) + labelRoom < axis.left + axis.width + rightRoom && label}
        </span>
      ))}
    </div>
  );
}
