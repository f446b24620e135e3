import type { Frame, FrameRequest } from "../wire/types";
import type { Units } from "./units";

/** A frame, the text it was made from, and the request that brought it. */
export interface Shown {
  readonly id: string;
  readonly order: number;
  readonly text: string;
  /** How the frame was asked for. */
  readonly asked: FrameRequest;
  readonly frame: Frame;
  /** When the edit began that this frame answers; undefined where it answers something else. */
  readonly editedAt: number | undefined;
}

export function unitsOf(shown: Shown | null): Units {
  return shown?.frame.header.units ?? null;
}
