import { useView } from "../../../display/view";
import { unitsOf } from "../../../session/shown";
import { toUnits } from "../../../session/units";
import type { Spoken } from "../../../wire/types";
import { look, looksOf, pinIn } from "../../looks";
import { type Axis, xOf } from "../times";

interface Props {
  readonly spoken: readonly Spoken[];
  readonly axis: Axis;
  readonly height: number;
  /** The time that is heard, where the sound plays. */
  readonly heard: number | null;
}

const field = 1;

/** The words where they are said. */
export function SpokenWords({ spoken, axis, height, heard }: Props) {
  const view = useView();
  const { session, derived } = view;
  const { asks, answers } = derived.fields[field].value;
  const inPart = asks || answers;
  const [first, last] = looksOf(view, field).pinned;
  const units = unitsOf(session.shown.value, "reads");
  return (
    <div
      class="aw-spoken-words"
      style={{ height: `${height}px` }}
      role="group"
      aria-label="When each word is said"
    >
      {spoken.map(([start, stop, from, to, word]) => {
        const [begin, end] = toUnits(units, [start, stop]);
        return (
          <button
            key={start}
            type="button"
            disabled={!inPart}
            style={{ left: `${xOf(axis, from)}px`, width: `${xOf(axis, to) - xOf(axis, from)}px` }}
            data-heard={(heard !== null && heard >= from && heard < to) || undefined}
            data-query={(begin < last && end > first) || undefined}
            title={`“${word.trim()}” is said from ${from.toFixed(2)} to ${to.toFixed(2)} s, by what its tokens read`}
            onClick={() => pinIn(view, field, [begin, end])}
            onPointerEnter={() => inPart && look(view, field, begin)}
            onPointerLeave={() => inPart && look(view, field, null)}
          >
            <bdi>{word.trim()}</bdi>
          </button>
        );
      })}
    </div>
  );
}
