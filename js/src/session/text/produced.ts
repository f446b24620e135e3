import type { FieldNumber } from "../axes";
import { changeOf, moved } from "./rebase";

/** What the model has written in a text. */
export interface Produced {
  readonly field: FieldNumber;
  /** Where it stands in the text as it is now. */
  readonly start: number;
  readonly stop: number;
  /** Whether the model was given another text before it than stands there now. */
  readonly stale: boolean;
  /** The text up to its end, and where it began, as it was written. */
  readonly written: { readonly text: string; readonly start: number };
  /** What stood in the other text when it was written: an encoder-decoder wrote it after that. */
  readonly beside: string;
  /** The edits of the computation under which it was written. */
  readonly edits: readonly string[];
  /** Whether it came to an end by itself. */
  readonly ended: boolean;
}

/** A text up to the end of what the model has just written in it from a place on. */
export function freshlyProduced(
  text: string,
  start: number,
  more: Pick<Produced, "field" | "beside" | "edits" | "ended">,
): Produced {
  return { ...more, start, stop: text.length, stale: false, written: { text, start } };
}

/**
 * What the model has written, in a text that was changed. It ends where somebody writes in it: behind that it is theirs. Where the
 * text before it was changed it is stale, until that is taken back.
 */
export function producedAfter(produced: Produced, from: string, to: string): Produced {
  if (from === to) return produced;
  const { written, start, stop, stale } = produced;
  if (to.startsWith(written.text))
    return { ...produced, start: written.start, stop: written.text.length, stale: false };
  const change = changeOf(from, to);
  if (change.at >= stop) return produced;
  if (change.at >= start && !stale) return { ...produced, stop: change.at };
  return { ...produced, start: moved(change, start), stop: moved(change, stop), stale: true };
}
