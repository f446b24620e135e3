import type { ComponentChildren } from "preact";
import { Tooltip } from "../display/Tooltip";
import type { Rect } from "../drawing/scene";
import { shortLabel } from "../lib/format";
import type { MatrixScene } from "./scene";

interface Props {
  readonly scene: MatrixScene;
  /** The pieces of the pair. */
  readonly query: string | undefined;
  readonly read: string | undefined;
  readonly kind?: string | undefined;
  /** The number of the cell. */
  readonly children: ComponentChildren;
}

/** The pair of the cell that is looked at, and its number, while the cell is in sight. */
export function CellTip({ scene, query, read, kind, children }: Props) {
  const { cross, columnPitch, top, width } = scene;
  if (cross === null || !inSight(scene, cross)) return null;
  const name = (piece: string | undefined) => <bdi>{shortLabel(piece, 20)}</bdi>;
  return (
    <Tooltip x={cross.x + columnPitch / 2} y={Math.max(top, cross.y)} width={width} kind={kind}>
      {name(query)} → {name(read)} {children}
    </Tooltip>
  );
}

function inSight({ left, top, across, down }: MatrixScene, { x, y, width, height }: Rect): boolean {
  return x + width > left && x < left + across && y + height > top && y < top + down;
}
