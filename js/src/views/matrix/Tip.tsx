import { useView } from "../../display/view";
import type { MapOnShow } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import { signedWeight, weight } from "../../lib/format";
import { CellTip } from "../../matrix/CellTip";
import type { MatrixScene } from "../../matrix/scene";
import type { Reading } from "./use-picture";

interface Props {
  readonly map: MapOnShow;
  readonly scene: MatrixScene;
  readonly cell: Cell;
  /** Null where the query does not see the key. */
  readonly reading: Reading | null;
}

const signs = { exact: "", about: "≈ ", "at most": "≤ " } as const;

/** The exact number of the cell under the pointer. */
export function Tip({ map, scene, cell, reading }: Props) {
  const { derived } = useView();
  const { query, key } = cell;
  return (
    <CellTip
      scene={scene}
      query={derived.tokens.value?.pieces[query]}
      read={derived.keys.value?.pieces[key]}
      kind={reading?.kind}
    >
      <b class="aw-number">
        {reading === null
          ? "not visible"
          : signs[reading.kind] + (map.signed ? signedWeight : weight)(reading.value)}
      </b>
      {map.signed && reading !== null && <span class="aw-unit"> after − before</span>}
      {map.sinks.has(key) && <span class="aw-unit"> sink</span>}
      {map.pooling > 1 && (
        <span class="aw-unit">
          {" "}
          {query} → {key}
        </span>
      )}
    </CellTip>
  );
}
