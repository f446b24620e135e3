import type { Side } from "../session/places";
import type { Viewport } from "../wire/types";
import type { MatrixScene } from "./scene";
import { reveal, spansOf } from "./viewport";

/** A row or a column that is looked at. */
export interface Looked {
  readonly side: Side;
  readonly place: number;
}

/** One that is out of sight of a zoomed map: over which edge. */
export interface Beyond extends Looked {
  readonly edge: "top" | "bottom" | "left" | "right";
}

/** One for an edge: the last of those that are looked at. */
export function beyondOf(scene: MatrixScene, looked: readonly Looked[]): readonly Beyond[] {
  if (!scene.zoomed) return [];
  const found = new Map<Beyond["edge"], Beyond>();
  for (const { side, place } of looked) {
    const where = sideways(scene, side, place);
    if (where === 0) continue;
    const edge = side === "query" ? (where < 0 ? "top" : "bottom") : where < 0 ? "left" : "right";
    found.set(edge, { edge, side, place });
  }
  return [...found.values()];
}

/** Whether a row or a column is nowhere in sight: -1 before it, 1 behind it. */
function sideways(scene: Pick<MatrixScene, "view" | "queries" | "keys">, side: Side, place: number) {
  const { view, queries, keys } = scene;
  const seen = spansOf(view, scene);
  const [start, extent, count] =
    side === "query" ? [view.query, seen.queries, queries] : [view.key, seen.keys, keys];
  if (place < 0 || place >= count) return 0;
  if (place + 1 <= start) return -1;
  return place >= start + extent ? 1 : 0;
}

/** The smallest move after which a row or a column is in sight; it says nothing of the other axis. */
export function revealed({ side, place }: Looked, scene: MatrixScene): Viewport {
  const { view } = scene;
  const cell = { query: Math.ceil(view.query), key: Math.ceil(view.key), [side]: place };
  return reveal(view, cell, scene);
}
