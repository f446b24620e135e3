import type { Side } from "../session/places";
import type { Span } from "../wire/types";
import type { Steered } from "./input";
import type { MatrixScene } from "./scene";
import { wholeMap } from "./viewport";

type NumberOf = (side: Side, place: number) => number;

interface Props {
  readonly scene: MatrixScene;
  readonly viewport: Steered["viewport"];
  readonly numberOf?: NumberOf;
}

/** Which part of a zoomed map is in sight, and the way back to all of it. */
export function Extent({ scene, viewport, numberOf }: Props) {
  if (!scene.zoomed) return null;
  return (
    <button
      type="button"
      class="aw-extent"
      title="Show the whole map (0, or double-click)"
      onClick={() => {
        viewport.value = wholeMap;
      }}
    >
      {extentLabel(scene, numberOf)}
    </button>
  );
}

/** "queries 4–9 · keys 0–5" */
export function extentLabel(
  { rows, columns }: MatrixScene,
  numberOf: NumberOf = (_side, place) => place,
): string {
  const through = (side: Side, [start, stop]: Span) => `${numberOf(side, start)}–${numberOf(side, stop - 1)}`;
  return `queries ${through("query", rows)} · keys ${through("key", columns)}`;
}
