import { useView } from "../../display/view";
import { headColour } from "../../lib/head-colours";
import type { HeadOnShow } from "./head-lines";

/** Which colour is which head, where several are drawn. A click looks at that one alone. */
export function HeadLegend({ heads }: { readonly heads: readonly HeadOnShow[] }) {
  const { session, palette } = useView();
  if (heads.length === 0) return null;
  const more = session.chosenHeads().length - heads.length;
  return (
    <ul class="aw-head-legend" aria-label="Heads">
      {heads.map(({ pair: [layer, head], index }) => (
        <li key={`${layer} ${head}`}>
          <button
            type="button"
            title={`Show layer ${layer}, head ${head} alone`}
            onClick={() => session.pinHead(layer, head)}
          >
            <span
              class="aw-head-swatch"
              style={{ background: headColour(palette.value.dark, index) }}
              aria-hidden="true"
            />
            L{layer}H{head}
          </button>
        </li>
      ))}
      {more > 0 && <li class="aw-unit">{more} more in the fused map</li>}
    </ul>
  );
}
