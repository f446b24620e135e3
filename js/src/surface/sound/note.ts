import type { SoundTold } from "../../wire/types";

/** How long it is, what was done to it before, and how much of what the model reads is no sound. */
export function noteOf({ seconds, read, note }: SoundTold, padding: number | undefined): string {
  const long = `${seconds.toFixed(2)} s`;
  const share = padding === undefined ? "" : `, which has ${padding.toFixed(2)} of this row`;
  const padded =
    read > seconds + 0.005 ? `the model reads ${read.toFixed(0)} s: behind the sound is padding${share}` : "";
  return [note.startsWith(long) ? "" : long, note, padded].filter((part) => part !== "").join(" · ");
}
