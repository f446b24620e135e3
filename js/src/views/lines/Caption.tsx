import { spanLabel } from "../../controls/Toolbar";
import { Caption } from "../../display/Caption";
import { useView } from "../../display/view";
import { changeLegend } from "../../focus/effect-words";
import type { MapOnShow } from "../../focus/maps";
import { changesFirst, clauses, count, grouped, toneNumber } from "../../lib/format";
import type { Filter } from "../../session/filter";
import type { Direction } from "../../wire/types";
import type { Strong } from "./picture";
import { left, made, rule } from "./words";

interface Props {
  readonly map: MapOnShow;
  readonly strong: Strong;
  /** Which way the lines go that are told of. */
  readonly leads: Direction;
  readonly keep: Filter;
  /** Whether the lines are those of several heads, each in its colour. */
  readonly several: boolean;
  /** The weight of the thickest line. */
  readonly full: number | null;
  readonly faint: { readonly curves: readonly unknown[]; readonly passing: number };
}

/** How the numbers were made, which lines are drawn, and what is left out of them. */
export function LinesCaption({ map, strong, leads, keep, several, full, faint }: Props) {
  const { derived } = useView();
  const { asked, focus } = derived;
  const shown = strong[leads];
  return (
    <Caption
      aside={
        full !== null && (
          <span class="aw-scale">
            {derived.scale.value === "stretch" && "stretched"}
            <span class="aw-number">0</span>
            <span class="aw-scale-wedge" data-direction={leads} data-signed={map.signed || undefined} />
            <span class="aw-number">{toneNumber(full)}</span>
          </span>
        )
      }
    >
      {shown !== null && asked.value !== null && (
        <>
          “<bdi>{spanLabel(asked.value, focus.value)}</bdi>”: {left(shown.kept, leads)}
          {" · "}
        </>
      )}
      {clauses(
        map.signed ? `${changeLegend}; faint lines by size alone` : "",
        rule(map, keep, leads),
        several ? "each head’s lines in its own colour; numbers and faint lines of all together" : "",
        faint.passing > faint.curves.length
          ? `faint: the ${grouped(faint.curves.length)} strongest of ${count(faint.passing, "line")}`
          : "",
        map.pooling !== 1 ? "a text this long shows only these lines" : "",
        changesFirst(made(map)),
      )}
    </Caption>
  );
}
