import { thinLabels } from "../../drawing/labels";
import type { Label, Rect } from "../../drawing/scene";
import { labelAngle } from "../../drawing/tilt";

export interface DifferenceInput {
  readonly queryLabels: readonly string[];
  readonly keyLabels: readonly string[];
  readonly width: number;
  readonly cell: { readonly row: number; readonly column: number } | null;
  /** Rows that the query stands in. */
  readonly rows: readonly number[];
  readonly measure: (text: string) => number;
}

/** Queries downwards, keys to the right: a map over the tokens that two texts share. */
export interface DifferenceScene {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly pitch: number;
  readonly rows: number;
  readonly columns: number;
  readonly area: Rect;
  readonly tilted: boolean;
  readonly rowLabels: readonly Label[];
  readonly columnLabels: readonly Label[];
  readonly cross: Rect | null;
}

const gap = 8;
const corner = 46;
const largestCell = 40;
const largestSide = 620;
const rowRoom = 13;
const columnRoom = 13;

export function differenceScene(input: DifferenceInput): DifferenceScene {
  const { queryLabels, keyLabels, width, cell, measure } = input;
  const [rows, columns] = [queryLabels.length, keyLabels.length];
  const left = Math.ceil(Math.max(corner, ...queryLabels.map(measure))) + gap;
  const widest = Math.max(24, ...keyLabels.map(measure));
  const room = Math.max(1, Math.min(width - left - 24, largestSide));
  const free = Math.min(largestCell, room / Math.max(1, rows, columns));
  const pitch = free >= 2 ? Math.floor(free) : free;
  const tilted = widest > pitch - 6;
  const top = Math.ceil(tilted ? widest * -Math.sin(labelAngle) + 14 : 26);
  const area = { x: left, y: top, width: columns * pitch, height: rows * pitch };
  const wantedRows = [...input.rows, ...(cell === null ? [] : [cell.row])];
  const wantedColumns = cell === null ? [] : [cell.column];
  return {
    width,
    height: top + area.height + 4,
    left,
    top,
    pitch,
    rows,
    columns,
    area,
    tilted,
    rowLabels: thinLabels(rows, pitch, rowRoom, wantedRows).map((index) => ({
      index,
      text: queryLabels[index] ?? "",
      x: left - gap,
      y: top + (index + 0.5) * pitch,
      tone: wantedRows.includes(index) ? ("strong" as const) : ("plain" as const),
    })),
    columnLabels: thinLabels(columns, pitch, columnRoom, wantedColumns).map((index) => ({
      index,
      text: keyLabels[index] ?? "",
      x: left + (index + 0.5) * pitch,
      y: top - gap,
      tone: wantedColumns.includes(index) ? ("strong" as const) : ("plain" as const),
    })),
    cross:
      cell === null
        ? null
        : { x: left + cell.column * pitch, y: top + cell.row * pitch, width: pitch, height: pitch },
  };
}

/** The cell under a point. */
export function differenceHit(
  { left, top, pitch, rows, columns }: DifferenceScene,
  x: number,
  y: number,
): { readonly row: number; readonly column: number } | null {
  const [row, column] = [Math.floor((y - top) / pitch), Math.floor((x - left) / pitch)];
  return row >= 0 && row < rows && column >= 0 && column < columns ? { row, column } : null;
}
