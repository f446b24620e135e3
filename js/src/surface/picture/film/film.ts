import type { PatchPlace, PictureTold } from "../../../wire/types";

/** How much of a row, or a column, each frame of a video has. */
export function frameShares(
  weights: ArrayLike<number>,
  places: readonly (PatchPlace | null)[],
  count: number,
): readonly number[] {
  const found = new Array<number>(count).fill(0);
  for (const [token, place] of places.entries()) {
    const weight = weights[token];
    if (place === null || weight === undefined || !Number.isFinite(weight)) continue;
    found[place[0]] = (found[place[0]] ?? 0) + weight;
  }
  return found;
}

/** What a picture of a video is called: its frames, counted from 0. */
export function frameName({ frames }: Pick<PictureTold, "frames">): string {
  if (frames === undefined) return "";
  const [first, count] = frames;
  return count > 1 ? `${first}–${first + count - 1}` : `${first}`;
}
