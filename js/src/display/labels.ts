import { useMemo } from "preact/hooks";
import { shortLabel, wordLabels } from "../lib/format";
import type { Tokens } from "../wire/types";
import { useMeasure } from "./measure";
import { useView } from "./view";

const none: readonly string[] = [];
/** In pixels: what a measured label is written in. */
const measured = 11;
const least = 24;

/** Tokens as a picture names them, at most so many characters each. The same for the same pieces. */
export function useLabels(pieces: readonly string[] | undefined, longest: number): readonly string[] {
  return useMemo(() => pieces?.map((piece) => shortLabel(piece, longest)) ?? none, [pieces, longest]);
}

/** The same of tokens that stand for words: what goes on with a word says so, as a part alone would be read as another word. */
export function useWordLabels(tokens: Tokens | null, longest: number): readonly string[] {
  return useMemo(() => (tokens === null ? none : wordLabels(tokens, longest)), [tokens, longest]);
}

/** How much room the widest of some labels takes, written in a font of so many pixels. */
export function useWidest(labels: readonly string[], size: number): number {
  const measure = useMeasure(useView().palette.value.font);
  return useMemo(
    () => (labels.reduce((most, label) => Math.max(most, measure(label)), least) * size) / measured,
    [labels, measure, size],
  );
}
