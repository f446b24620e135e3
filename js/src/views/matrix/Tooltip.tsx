import { useView } from "../../display/view";
import type { Rect } from "../../drawing/scene";
import type { MapOnShow } from "../../focus/maps";
import { pieceLabel, shorten, weight } from "../../lib/format";
import type { MatrixScene } from "../../matrix/scene";
import type { Tokens } from "../../wire/types";
import type { Reading } from "./use-picture";

interface Props {
  readonly map: MapOnShow;
  readonly scene: MatrixScene;
  /** Null where the query does not see the key. */
  readonly reading: Reading | null;
}

const signs = { exact: "", about: "≈ ", "at most": "≤ " } as const;

/** The exact number of the cell under the pointer. */
export function Tooltip({ map, scene, reading }: Props) {
  const { local, derived } = useView();
  const cell = local.cell.value;
  const { cross } = scene;
  if (cell === null || cross === null || !inSight(scene, cross)) return null;
  const name = (tokens: Tokens | null, token: number) => shorten(pieceLabel(tokens?.pieces[token] ?? ""), 20);
  const x = cross.x + scene.columnPitch / 2;
  const y = Math.max(scene.top, cross.y);
  return (
    <div
      class="aw-tooltip"
      role="presentation"
      data-flipped={x > scene.width * 0.6}
      data-kind={reading?.kind}
      style={{ left: `${Math.round(x)}px`, top: `${Math.round(y)}px` }}
    >
      <bdi>{name(derived.tokens.value, cell.query)}</bdi> → <bdi>{name(derived.keys.value, cell.key)}</bdi>{" "}
      <b class="aw-number">
        {reading === null ? "not visible" : signs[reading.kind] + weight(reading.value)}
      </b>
      {map.sinks.has(cell.key) && <span class="aw-unit"> sink</span>}
      {map.pooling > 1 && (
        <span class="aw-unit">
          {" "}
          {cell.query} → {cell.key}
        </span>
      )}
    </div>
  );
}

function inSight({ left, top, across, down }: MatrixScene, { x, y, width, height }: Rect): boolean {
  return x + width > left && x < left + across && y + height > top && y < top + down;
}
