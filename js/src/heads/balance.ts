import { gridScene, tallestBeside } from "./scene";

/** What stands under the grid, so that its column is about as long as the matrix beside it. */
export type UnderGrid = "neighbours" | "expectations" | "long facts" | "nothing";

const padding = 32;
const smallest = 640;

/** Drawn from the model's shape alone: the readout must not jump about while somebody types. */
export function underGrid(heads: readonly number[], width: number, predicts: boolean): UnderGrid {
  if (width < smallest || heads.length === 0) return "nothing";
  const stage = width * 0.6 - padding;
  const share = Math.min(tallestBeside[2], gridScene(heads, width * 0.4 - padding).height) / stage;
  if (share < 0.42) return "neighbours";
  if (share < 0.72) return predicts ? "expectations" : "long facts";
  return "nothing";
}
