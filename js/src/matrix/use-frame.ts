import { useMemo } from "preact/hooks";
import { useMeasure } from "../display/measure";
import { useView } from "../display/view";
import { pieceLabel, shorten } from "../lib/format";
import { type MatrixFrame, type MatrixInput, matrixFrame } from "./scene";

const longestLabel = 12;

/** The labels of a map, and where its plot is. Pass the same pieces twice where a text reads itself: then cells are square. */
export function useFrame(
  queries: readonly string[],
  keys: readonly string[],
  width: number,
): {
  readonly input: Pick<MatrixInput, "labels" | "keyLabels" | "width" | "measure">;
  readonly frame: MatrixFrame;
} {
  const measure = useMeasure(useView().palette.value.font);
  const labels = useMemo(() => labelsOf(queries), [queries]);
  const keyLabels = useMemo(() => (keys === queries ? labels : labelsOf(keys)), [queries, keys, labels]);
  return useMemo(() => {
    const input = { labels, keyLabels, width, measure };
    return { input, frame: matrixFrame(input) };
  }, [labels, keyLabels, width, measure]);
}

function labelsOf(pieces: readonly string[]): string[] {
  return pieces.map((piece) => shorten(pieceLabel(piece), longestLabel));
}
