import type { HeadRef } from "./places";

/** The head that is looked at for a wish: the nearest layer that attends, the lower of two, and a head that it has. */
export function nearestHead(heads: readonly number[], layer: number, head: number): HeadRef {
  const attending = layersOf(heads);
  if (attending.length === 0) return { layer, head };
  const found = attending.reduce((best, other) =>
    Math.abs(other - layer) < Math.abs(best - layer) ? other : best,
  );
  return { layer: found, head: Math.max(0, Math.min((heads[found] ?? 1) - 1, head)) };
}

/** The next layer that attends, upwards (-1) or downwards (1); the same one at the end. */
export function nextLayer(heads: readonly number[], layer: number, step: -1 | 1): number {
  const beyond = layersOf(heads).filter((other) => (other - layer) * step > 0);
  return (step > 0 ? beyond[0] : beyond.at(-1)) ?? layer;
}

function layersOf(heads: readonly number[]): number[] {
  return heads.flatMap((count, layer) => (count > 0 ? [layer] : []));
}
