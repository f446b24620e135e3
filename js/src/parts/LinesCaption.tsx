import { count, weight } from "../lib/format";
import { type Direction, type Filter, type MapOnShow, ruleOf, sinksOf } from "../state";
import type { Strong } from "./LinesView";
import { spanLabel } from "./Toolbar";
import { useView } from "./view";

interface Props {
  readonly map: MapOnShow;
  readonly strong: Strong;
  readonly keep: Filter;
  /** Whether the lines are those of several heads, each in its colour. */
  readonly several: boolean;
  readonly faint: { readonly curves: readonly unknown[]; readonly passing: number };
}

/** How the numbers were made, which lines are drawn, and what is left out of them. */
export function LinesCaption({ map, strong, keep, several, faint }: Props) {
  const looks = useView().derived.direction.value;
  const shown = strong[looks];
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">
        {map.recipe} · {rule(map, keep)}
        {several && " · a colour for each head’s own lines, numbers and faint lines of all together"}
        {shown !== null && <Left kept={shown.kept} />}
        {faint.passing > faint.curves.length &&
          ` · faint: the ${faint.curves.length.toLocaleString("en")} strongest of ${count(faint.passing, "line")}`}
        {map.pooling !== 1 && " · of so long a text only these lines"}
      </span>
      {shown !== null && (
        <span class="aw-scale">
          <span class="aw-number">0</span>
          <span class="aw-scale-wedge" data-direction={looks} />
          <span class="aw-number">{weight(shown.kept.peak)}</span>
        </span>
      )}
    </figcaption>
  );
}

export function rule(map: MapOnShow, keep: Filter): string {
  const sinks = sinksOf(map, map.direction).size > 0;
  if (keep.kind === "all") return `all lines of at least 0.001${sinks ? ", sinks dashed" : ""}`;
  return `lines: ${ruleOf(keep, map.direction, sinks)}${sinks ? " (dashed)" : ""}`;
}

/** What is not drawn of what is looked at. */
function Left({ kept }: { readonly kept: NonNullable<Strong[Direction]>["kept"] }) {
  const { derived } = useView();
  const tokens = derived.asked.value;
  if (tokens === null) return null;
  const other = derived.direction.value === "reads" ? "key" : "query";
  const plural = other === "key" ? "keys" : "queries";
  return (
    <>
      {" · "}“<bdi>{spanLabel(tokens, derived.focus.value)}</bdi>”: kept {kept.tokens.length} of {kept.all}{" "}
      {kept.all === 1 ? other : plural}
      {kept.resting > 0 && " and the sinks"}, <span class="aw-number">{kept.share.toFixed(2)}</span> of the{" "}
      {other === "key" ? "row" : "column"}
      {kept.resting > 0 && (
        <>
          {" "}
          (<span class="aw-number">{weight(kept.resting)}</span> on sinks)
        </>
      )}
    </>
  );
}
