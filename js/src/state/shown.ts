import type { Frame } from "../wire/types";

/** A frame, the text it was made from, and the request that brought it. */
export interface Shown {
  readonly id: string;
  readonly order: number;
  readonly text: string;
  readonly frame: Frame;
  /** When the edit began that this frame answers; undefined where it answers something else. */
  readonly editedAt: number | undefined;
}
