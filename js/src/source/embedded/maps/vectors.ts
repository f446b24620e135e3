import type { Direction, Span } from "../../../wire/types";

/** A square map of weights, queries downwards. */
export interface SquareMap {
  readonly size: number;
  readonly values: Float32Array;
}

/** How much a span of queries reads each key: the mean over the span. */
export function rowOf({ size, values }: SquareMap, [start, stop]: Span): Float32Array {
  const row = new Float32Array(size);
  for (let query = start; query < stop; query++) {
    for (let key = 0; key < size; key++)
      row[key] = (row[key] as number) + (values[query * size + key] as number) / (stop - start);
  }
  return row;
}

/** How much each query reads a span of keys: the sum over the span. */
export function columnOf({ size, values }: SquareMap, [start, stop]: Span): Float32Array {
  const column = new Float32Array(size);
  for (let query = 0; query < size; query++) {
    for (let key = start; key < stop; key++)
      column[query] = (column[query] as number) + (values[query * size + key] as number);
  }
  return column;
}

export function vectorOf(map: SquareMap, span: Span, direction: Direction): Float32Array {
  return direction === "reads" ? rowOf(map, span) : columnOf(map, span);
}

/** Several vectors, or maps, as one. NaN where there are none. */
export function fuse(
  all: readonly Float32Array[],
  fusion: "mean" | "max",
  length = all[0]?.length ?? 0,
): Float32Array {
  if (all.length === 0) return new Float32Array(length).fill(Number.NaN);
  const fused = new Float32Array(length);
  for (const one of all) {
    for (let index = 0; index < length; index++) {
      const before = fused[index] as number;
      const value = one[index] as number;
      fused[index] = fusion === "max" ? Math.max(before, value) : before + value / all.length;
    }
  }
  return fused;
}

/** The maximum over cells of `factor` x `factor` tokens. */
export function pooled({ size, values }: SquareMap, factor: number): SquareMap {
  if (factor === 1) return { size, values };
  const side = Math.ceil(size / factor);
  const cells = new Float32Array(side * side);
  for (let query = 0; query < size; query++) {
    const row = Math.floor(query / factor) * side;
    for (let key = 0; key < size; key++) {
      const cell = row + Math.floor(key / factor);
      const weight = values[query * size + key] as number;
      if (weight > (cells[cell] as number)) cells[cell] = weight;
    }
  }
  return { size: side, values: cells };
}
