import { labelStep } from "./labels";
import type { Label, Rect } from "./scene";

export interface GridScene {
  readonly width: number;
  readonly height: number;
  readonly cell: number;
  readonly pitch: number;
  readonly left: number;
  readonly top: number;
  readonly heads: readonly number[];
  readonly columnLabels: readonly Label[];
  readonly rowLabels: readonly Label[];
}

const largestCell = 84;
const labelRoom = 15;
/** Kept free at the right and below, for the ring around the last cell. */
const margin = 3;

/** Layers downwards, heads to the right; cells as large as the width allows. */
export function gridScene(heads: readonly number[], width: number): GridScene {
  const most = Math.max(1, ...heads);
  const left = heads.length > 10 ? 24 : 18;
  const top = 20;
  const pitch = Math.max(
    3,
    Math.min(largestCell + gapOf(largestCell), Math.floor((width - left - margin) / most)),
  );
  const cell = Math.max(2, pitch - gapOf(pitch));
  const step = labelStep(pitch, labelRoom);
  const columnLabels = numbered(most, step, (index) => ({ x: left + index * pitch + cell / 2, y: top - 10 }));
  const rowLabels = numbered(heads.length, step, (index) => ({
    x: left - 8,
    y: top + index * pitch + cell / 2,
  }));
  return {
    width,
    height: top + heads.length * pitch + margin,
    cell,
    pitch,
    left,
    top,
    heads,
    columnLabels,
    rowLabels,
  };
}

function gapOf(pitch: number): number {
  if (pitch > 48) return 6;
  if (pitch > 18) return 3;
  return pitch > 14 ? 2 : 1;
}

function numbered(count: number, step: number, place: (index: number) => { x: number; y: number }): Label[] {
  const labels: Label[] = [];
  for (let index = 0; index < count; index += step) {
    labels.push({ index, text: String(index), ...place(index), tone: "plain" });
  }
  return labels;
}

export function headRect(scene: GridScene, layer: number, head: number): Rect {
  const { left, top, pitch, cell } = scene;
  return { x: left + head * pitch, y: top + layer * pitch, width: cell, height: cell };
}

/** The head under a point; the gap belongs to the cell before it, so that there are no dead stripes. */
export function headAt(scene: GridScene, x: number, y: number): { layer: number; head: number } | null {
  const layer = Math.floor((y - scene.top) / scene.pitch);
  const head = Math.floor((x - scene.left) / scene.pitch);
  const count = scene.heads[layer];
  return count === undefined || head < 0 || head >= count ? null : { layer, head };
}
