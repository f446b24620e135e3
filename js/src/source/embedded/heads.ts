import type { HeadName } from "./maps";

/** All heads of a layer. */
export function layerHeads(heads: readonly number[], layer: number): HeadName[] {
  return headsOf(heads, layer).map((head) => [layer, head]);
}

/** The numbers of a layer's heads. */
export function headsOf(heads: readonly number[], layer: number): number[] {
  return Array.from({ length: heads[layer] ?? 0 }, (_, head) => head);
}

/** The head that is meant, as the kernel reads it: the nearest layer that has attention, the lower of two. */
export function attending(
  heads: readonly number[],
  { layer, head }: { readonly layer: number; readonly head: number },
): { readonly layer: number; readonly head: number } {
  if ((heads[layer] ?? 0) > 0) return { layer, head };
  const there = heads.flatMap((count, number) => (count > 0 ? [number] : []));
  const nearest = there.reduce(
    (best, other) => (Math.abs(other - layer) < Math.abs(best - layer) ? other : best),
    there[0] ?? 0,
  );
  return { layer: nearest, head: Math.max(0, Math.min((heads[nearest] ?? 1) - 1, head)) };
}
