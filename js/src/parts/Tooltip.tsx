import type { MatrixScene } from "../layout/matrix";
import { pieceLabel, shorten, weight } from "../lib/format";
import { type MapOnShow, weightAt } from "../state";
import { useView } from "./view";

/** The exact number of the cell under the pointer. */
export function Tooltip({ map, scene }: { readonly map: MapOnShow; readonly scene: MatrixScene }) {
  const { local, derived } = useView();
  const cell = local.cell.value;
  const tokens = derived.tokens.value;
  if (cell === null || tokens === null || cell.query >= map.count || cell.key >= map.count) return null;
  const name = (token: number) => shorten(pieceLabel(tokens.pieces[token] ?? ""), 20);
  const x = scene.left + (cell.key + 0.5) * scene.pitch;
  const y = scene.top + cell.query * scene.pitch;
  const flipped = x > scene.width * 0.6;
  return (
    <div
      class="aw-tooltip"
      role="presentation"
      data-flipped={flipped}
      style={{ left: `${Math.round(x)}px`, top: `${Math.round(y)}px` }}
    >
      <bdi>{name(cell.query)}</bdi> → <bdi>{name(cell.key)}</bdi>{" "}
      <b class="aw-number">{numberOf(map, cell.query, cell.key)}</b>
      {map.sinks.has(cell.key) && <span class="aw-unit"> sink</span>}
      {map.exact && map.pooling > 1 && (
        <span class="aw-unit">
          {" "}
          largest of {map.pooling} × {map.pooling}
        </span>
      )}
    </div>
  );
}

function numberOf(map: MapOnShow, query: number, key: number): string {
  if (map.causal && key > query) return "not visible";
  return `${map.exact ? "" : "≈ "}${weight(weightAt(map, query, key))}`;
}
