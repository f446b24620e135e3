import { useView } from "../../display/view";
import { rampColour } from "../../lib/colour";
import { count, weight } from "../../lib/format";
import type { Difference } from "../../wire/difference";

/** How a difference was made, what is left out of it, and its scale. */
export function ChangeCaption(props: {
  readonly difference: Difference;
  readonly peak: number;
  readonly pooling: number;
}) {
  const { difference, peak, pooling } = props;
  const { signed: ramp } = useView().palette.value;
  const stops = Array.from({ length: 17 }, (_, index) => `rgb(${rampColour(ramp, index / 16).join(" ")})`);
  const apart = difference.counts.map(
    (all, side) => all - (side === 0 ? difference.heldQueries : difference.queries).length,
  );
  const alone = apart.map((tokens) => count(tokens, "token"));
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">
        {difference.recipe}
        {apart.some((tokens) => tokens > 0) &&
          ` · ${alone[0]} of the text that is held and ${alone[1]} of this one have no partner`}
        {pooling > 1 && ` · a cell is the largest change of ${pooling} x ${pooling} tokens`}
      </span>
      <span class="aw-scale">
        <span class="aw-number">−{weight(peak)}</span>
        <span
          class="aw-scale-bar"
          style={{ backgroundImage: `linear-gradient(to right, ${stops.join(", ")})` }}
        />
        <span class="aw-number">+{weight(peak)}</span>
      </span>
    </figcaption>
  );
}

/** The heads that changed most: a way to the next one. */
export function ChangedMost({ difference }: { readonly difference: Difference }) {
  const { session } = useView();
  return (
    <p class="aw-changed">
      <span class="aw-label">changed most</span>{" "}
      {difference.changed.map(({ layer, head, value }) => (
        <button
          key={`${layer} ${head}`}
          type="button"
          data-layer={layer}
          data-head={head}
          aria-pressed={layer === difference.layer && head === difference.head}
          onClick={() => session.pinHead(layer, head)}
        >
          L{layer}H{head} <span class="aw-number">{weight(value)}</span>
        </button>
      ))}
    </p>
  );
}
