import { labelStep } from "../drawing/labels";
import type { Label, Rect } from "../drawing/scene";

export interface GridScene {
  readonly width: number;
  readonly height: number;
  readonly cell: number;
  readonly pitch: number;
  readonly left: number;
  readonly top: number;
  /** One for each layer. */
  readonly rows: readonly Row[];
  readonly columnLabels: readonly Label[];
  readonly rowLabels: readonly Label[];
  /** What stands in the rows of layers without attention: rules, and words where there is room. */
  readonly rules: readonly Rect[];
  readonly notes: readonly Label[];
}

interface Row {
  readonly y: number;
  readonly height: number;
  /** 0 for a layer without attention. */
  readonly heads: number;
}

export const note = "no attention";
const largestCell = 84;
const labelRoom = 15;
/** Kept free at the right and below, for the ring around the last cell. */
const margin = 3;
/** A layer without attention needs no more than a line of small text. */
const emptyRow = 16;
const leastPitch = 3;
const scrollbar = 12;
const noteRoom = 76;
const noteHeight = 13;

/** How large a cell may be, how high the whole grid, and what is fair where that is too little: then it scrolls. */
export interface GridRoom {
  readonly largest: number;
  readonly height: number;
  /** A cell that is large enough to be looked at. */
  readonly fair: number;
  /** How many rows are in sight of a grid that scrolls, where its width allows for such large cells; else they are fair. */
  readonly inSight?: number;
}

export const gridBeside: GridRoom = { largest: largestCell, height: Number.POSITIVE_INFINITY, fair: 22 };
/** The most that a grid may be high where the page grows with what is in it, by the number of columns: the rest is scrolled to. */
export const tallestBeside = { 1: 300, 2: 440, 3: 440 } as const;
/** Where all columns are as high: what the column of the grid has besides it (style/fit.css). */
export const aroundGrid = { wide: 174, narrow: 192 } as const;
/** The share of a fair cell under which a grid that fits says too little. */
const tooSmall = 2 / 3;

/** Layers downwards, heads to the right; cells as large as the room allows. */
export function gridScene(heads: readonly number[], width: number, room: GridRoom = gridBeside): GridScene {
  const most = Math.max(1, ...heads);
  const left = leftOf(heads);
  const pitch = Math.max(
    leastPitch,
    Math.min(highestPitch(heads, room), Math.floor((width - left - margin) / most)),
  );
  const cell = Math.max(2, pitch - gapOf(pitch));
  const step = labelStep(pitch, most > 10 ? labelRoom + 3 : labelRoom);
  const gap = pitch - cell;
  const rows = rowsOf(heads, top, pitch, gap);
  const columnLabels = numbered(most, step, (index) => ({ x: left + index * pitch + cell / 2, y: top - 10 }));
  const rowLabels = numbered(heads.length, step, (index) => ({
    x: left - 8,
    y: middle(rows[index], gap),
  }));
  const last = rows.at(-1);
  return {
    width,
    height: (last === undefined ? top : last.y + last.height) + margin,
    cell,
    pitch,
    left,
    top,
    rows,
    columnLabels,
    rowLabels,
    ...quiet(rows, gap, left, left + most * pitch - gap),
  };
}

const top = 20;

function leftOf(heads: readonly number[]): number {
  return heads.length > 10 ? 24 : 18;
}

/** Of a grid that is scrolled, the part in sight: whole rows under the numbers of the heads, and some room around them. */
export function heightInSight({ height, pitch }: GridScene, room: number, around: number): number {
  if (height <= room) return room;
  return top + Math.max(1, Math.floor((room + around - top) / pitch)) * pitch - around;
}

/** How far to scroll from `now` so that a row and its neighbours are in sight under the numbers of the heads, which stay. */
export function sightOf({ rows }: GridScene, layer: number, now: number, tall: number): number {
  const row = rows[layer];
  if (row === undefined) return now;
  const before = row.y - row.height - top;
  if (before < now) return Math.max(0, before);
  const least = row.y + 2 * row.height - tall;
  if (least <= now) return (rows.findLast(({ y }) => y - top <= now)?.y ?? top) - top;
  return (rows.find(({ y }) => y - top >= least)?.y ?? top + least) - top;
}

/** The pitch with which all layers are as high as the room, or a fair one. */
function highestPitch(heads: readonly number[], { largest, height, fair, inSight }: GridRoom): number {
  const share = (rows: number) => Math.floor((height - top - margin) / Math.max(1, rows));
  const all = share(heads.length);
  const scrolled = inSight === undefined ? fair : Math.max(fair, share(inSight));
  return Math.min(largest + gapOf(largest), all >= tooSmall * fair ? all : scrolled);
}

/** The width with which a grid fills the height of its room. */
export function gridWidth(heads: readonly number[], room: GridRoom): number {
  return leftOf(heads) + Math.max(1, ...heads) * highestPitch(heads, room) + margin;
}

/** The width with which its cells are large enough to be looked at. */
export function fairGridWidth(heads: readonly number[]): number {
  return leftOf(heads) + Math.max(1, ...heads) * (gridBeside.fair + gapOf(gridBeside.fair)) + margin;
}

/** The width under which the last heads would be cut, beside the bar of a grid that is scrolled. */
export function leastGridWidth(heads: readonly number[]): number {
  return leftOf(heads) + Math.max(1, ...heads) * leastPitch + margin + scrollbar;
}

function gapOf(pitch: number): number {
  if (pitch > 48) return 6;
  if (pitch > 18) return 3;
  return pitch > 14 ? 2 : 1;
}

function rowsOf(heads: readonly number[], top: number, pitch: number, gap: number): Row[] {
  let y = top;
  return heads.map((count) => {
    const height = count > 0 ? pitch : Math.min(pitch, emptyRow + gap);
    const row = { y, height, heads: count };
    y += height;
    return row;
  });
}

function middle(row: Row | undefined, gap: number): number {
  return row === undefined ? 0 : row.y + (row.height - gap) / 2;
}

/** The words once for each run of layers without attention, in its middle; a rule for each of them that has the room. */
function quiet(
  rows: readonly Row[],
  gap: number,
  left: number,
  right: number,
): Pick<GridScene, "rules" | "notes"> {
  const notes: Label[] = [];
  const rules: Rect[] = [];
  for (const run of runs(rows)) {
    const height = run.reduce((sum, layer) => sum + (rows[layer]?.height ?? 0), 0);
    const told = height < noteHeight || right - left < noteRoom ? -1 : run[(run.length - 1) >> 1];
    for (const layer of run) {
      const y = middle(rows[layer], gap);
      const x = layer === told ? left + noteRoom : left;
      const roomy = told === -1 || (rows[layer]?.height ?? 0) >= noteHeight;
      if (layer === told) notes.push({ index: layer, text: note, x: left, y, tone: "plain" });
      if (right > x && (roomy || layer === told))
        rules.push({ x, y: Math.round(y), width: right - x, height: 1 });
    }
  }
  return { rules, notes };
}

function runs(rows: readonly Row[]): number[][] {
  const found: number[][] = [];
  rows.forEach((row, layer) => {
    if (row.heads > 0) return;
    const last = found.at(-1);
    if (last !== undefined && last.at(-1) === layer - 1) last.push(layer);
    else found.push([layer]);
  });
  return found;
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
  return { x: left + head * pitch, y: scene.rows[layer]?.y ?? top, width: cell, height: cell };
}

/** The head under a point; the gap belongs to the cell before it, so that there are no dead stripes. */
export function headAt(scene: GridScene, x: number, y: number): { layer: number; head: number } | null {
  const layer = scene.rows.findIndex((row) => y >= row.y && y < row.y + row.height);
  const head = Math.floor((x - scene.left) / scene.pitch);
  const count = scene.rows[layer]?.heads ?? 0;
  return head < 0 || head >= count ? null : { layer, head };
}
