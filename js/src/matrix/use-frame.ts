import { useMemo } from "preact/hooks";
import { useLabels } from "../display/labels";
import { useMeasure } from "../display/measure";
import { type Room, useView } from "../display/view";
import { type MatrixFrame, type MatrixInput, matrixFrame } from "./scene";

/** In characters. */
export const longestLabel = 12;

/** The labels of a map, and where its plot is. Pass the same pieces twice where a text reads itself: then cells are square. */
export function useFrame(
  queries: readonly string[] | undefined,
  keys: readonly string[] | undefined,
  { width, tallest }: Room,
  longest = longestLabel,
): {
  readonly input: Pick<MatrixInput, "labels" | "keyLabels" | "width" | "tallest" | "measure">;
  readonly frame: MatrixFrame;
} {
  const measure = useMeasure(useView().palette.value.font);
  const labels = useLabels(queries, longest);
  const others = useLabels(keys === queries ? undefined : keys, longest);
  const keyLabels = keys === queries ? labels : others;
  return useMemo(() => {
    const input = { labels, keyLabels, width, tallest, measure };
    return { input, frame: matrixFrame(input) };
  }, [labels, keyLabels, width, tallest, measure]);
}
