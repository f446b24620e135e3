import { count, weight } from "../lib/format";
import { type Direction, type Keep, type MapOnShow, sinksOf } from "../state";
import type { Strong } from "./LinesView";
import { spanLabel } from "./Toolbar";
import { useView } from "./view";

interface Props {
  readonly map: MapOnShow;
  readonly strong: Strong;
  readonly keep: Keep;
  readonly faint: { readonly curves: readonly unknown[]; readonly passing: number };
}

/** How the numbers were made, which lines are drawn, and what is left out of them. */
export function LinesCaption({ map, strong, keep, faint }: Props) {
  const looks = useView().derived.direction.value;
  const shown = strong[looks];
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">
        {map.recipe} · {rule(map, keep)}
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

export function rule(map: MapOnShow, keep: Keep): string {
  const outside = sinksOf(map, map.direction).size > 0 ? " outside sinks (dashed)" : "";
  const whole = map.direction === "reads" ? "each row" : "each column";
  if (keep === "mass") return `the fewest lines that hold 70 % of ${whole}${outside}`;
  if (keep === "top") return `the five strongest lines of ${whole}${outside}`;
  return `all lines of at least 0.001${outside === "" ? "" : ", sinks dashed"}`;
}

/** What is not drawn of what is looked at. */
function Left({ kept }: { readonly kept: NonNullable<Strong[Direction]>["kept"] }) {
  const { derived } = useView();
  const tokens = derived.asked.value;
  if (tokens === null) return null;
  const other = derived.direction.value === "reads" ? "key" : "query";
  const number = kept.tokens.length;
  const plural = other === "key" ? "keys" : "queries";
  return (
    <>
      {" · "}“<bdi>{spanLabel(tokens, derived.focus.value)}</bdi>”: {number} {number === 1 ? other : plural},{" "}
      <span class="aw-number">{weight(kept.dropped)}</span> not drawn
      {kept.resting > 0 && (
        <>
          , <span class="aw-number">{weight(kept.resting)}</span> on sinks
        </>
      )}
    </>
  );
}
