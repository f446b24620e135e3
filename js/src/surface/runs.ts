import type { Rect } from "../drawing/scene";

/** The runs of neighbours for which something holds. */
export function runsOf<Item>(items: readonly Item[], holds: (item: Item) => boolean): readonly Item[][] {
  const runs: Item[][] = [[]];
  for (const item of items) {
    if (holds(item)) runs.at(-1)?.push(item);
    else if (runs.at(-1)?.length !== 0) runs.push([]);
  }
  return runs.filter(({ length }) => length > 0);
}

/** One rectangle for what stands on a line without a gap wider than the line is high: blanks belong to no token. */
export function joined(rects: readonly Rect[]): readonly Rect[] {
  const lines: Rect[] = [];
  for (const rect of rects) {
    const last = lines.at(-1);
    if (last !== undefined && isBeside(last, rect)) lines[lines.length - 1] = around(last, rect);
    else lines.push(rect);
  }
  return lines;
}

/** At either side: what is read next may stand at the left. */
function isBeside(one: Rect, other: Rect): boolean {
  const overlap = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  const gap = Math.max(other.x - one.x - one.width, one.x - other.x - other.width);
  return overlap > Math.min(one.height, other.height) / 2 && gap <= Math.max(one.height, other.height);
}

function around(one: Rect, other: Rect): Rect {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return {
    x,
    y,
    width: Math.max(one.x + one.width, other.x + other.width) - x,
    height: Math.max(one.y + one.height, other.y + other.height) - y,
  };
}
