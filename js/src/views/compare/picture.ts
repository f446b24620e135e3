import { weightPixels } from "../../drawing/pixels";
import { accent, type Palette } from "../../lib/colour";
import type { MatrixPicture } from "../../matrix/paint";
import type { MatrixScene } from "../../matrix/scene";
import { around, blocksOf, cut, type Region } from "../../session/answers/tiles";
import type { Difference } from "../../wire/difference";
import type { Metric } from "../../wire/metric";
import type { Direction } from "../../wire/types";

/** A part of a difference, or all of it. */
export type Changes = Pick<Difference, "values" | "queries" | "keys">;

/** What of a difference one image holds. */
export interface Sight {
  readonly region: Region;
  /** Tokens in a pixel, along each axis. */
  readonly pooling: number;
}

type Plot = Pick<MatrixScene, "rows" | "columns" | "rowPitch" | "columnPitch" | "across" | "down">;

/** Tokens along a side of the blocks that an image is made of: a map that is moved seldom needs another one. */
const side = 256;

/** All of it, of so many tokens to a pixel that it fits the plot; of a map that is closer every pair around what is in sight. */
export function sightOf(
  { rows, columns, rowPitch, columnPitch, across, down }: Plot,
  { queries, keys }: Pick<Changes, "queries" | "keys">,
): Sight {
  const size = { queries: queries.length, keys: keys.length };
  const whole = { rows: [0, size.queries], columns: [0, size.keys] } as const;
  if (Math.min(rowPitch, columnPitch) >= 1)
    return { region: around(blocksOf({ rows, columns }, side, size)) ?? whole, pooling: 1 };
  const pooling = Math.max(size.queries / Math.max(1, down), size.keys / Math.max(1, across));
  return { region: whole, pooling: Math.max(1, Math.ceil(pooling)) };
}

/** The change of every pair in colours: the middle of the ramp is none. */
export function changePicture(
  changes: Changes,
  full: number,
  { region, pooling }: Sight,
  direction: Direction,
  palette: Palette,
): MatrixPicture {
  const { queries, keys, values } = changes;
  const whole = { rows: [0, queries.length], columns: [0, keys.length], values, precise: true } as const;
  const [query, key] = [region.rows[0], region.columns[0]];
  const part = cut(whole, region);
  const pooled = pooledChanges(part.values, region.columns[1] - key, pooling);
  const { signed: ramp } = palette;
  return {
    ...pooled,
    image: weightPixels({ ...pooled, full, causal: false, signed: true }, ramp),
    queriesEach: pooling,
    keysEach: pooling,
    first: { query, key },
    printed: pooling > 1 ? null : (row, column) => values[row * keys.length + column] ?? null,
    full,
    ramp,
    signed: true,
    strong: accent(palette, direction).strong,
  };
}

/** The largest change of either sign. */
export function largestChange(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

const listed = 5;
/** What would be written as 0. */
const least = 0.0005;

/** The heads that changed most, first. */
export function changedMost({ values, heads }: Pick<Metric, "values" | "heads">) {
  const places = Array.from(values.keys()).filter((place) => (values[place] as number) >= least);
  places.sort((one, other) => (values[other] as number) - (values[one] as number));
  return places.slice(0, listed).map((place) => ({
    layer: Math.floor(place / heads),
    head: place % heads,
    value: values[place] as number,
  }));
}

/** Under this a map of changes is nearly blank. */
const faint = 0.1;

/** How little the head on show changed, and the head that changed most; null where there is enough to see. */
export function clearerThan(
  all: Pick<Metric, "values" | "heads">,
  { layer, head }: Pick<Difference, "layer" | "head">,
) {
  const own = all.values[layer * all.heads + head] ?? Number.NaN;
  const most = changedMost(all)[0];
  return own < faint && most !== undefined && most.value >= faint ? { own, most } : null;
}

/** Cells of so many tokens along each axis: of each the largest change, with its sign. */
export function pooledChanges(values: Float32Array, width: number, pooling: number) {
  const height = width === 0 ? 0 : values.length / width;
  if (pooling === 1) return { values, rows: height, columns: width };
  const [rows, columns] = [Math.ceil(height / pooling), Math.ceil(width / pooling)];
  const pooled = new Float32Array(rows * columns);
  for (let row = 0; row < height; row++) {
    const start = Math.floor(row / pooling) * columns;
    for (let column = 0; column < width; column++) {
      const value = values[row * width + column] as number;
      const place = start + Math.floor(column / pooling);
      if (Math.abs(value) > Math.abs(pooled[place] as number)) pooled[place] = value;
    }
  }
  return { values: pooled, rows, columns };
}
