import type { Direction, Frame, FrameRequest, OffEdit, TextsRequest } from "../wire/types";
import { type Units, unitsFor } from "./units";

/** A frame, the texts it was made from, and the request that brought it. */
export interface Shown {
  readonly id: string;
  /** What was read: numbers of another one are not shown beside it. */
  readonly reading: string;
  readonly order: number;
  readonly text: string;
  readonly pair: string;
  /** How the frame was asked for. */
  readonly asked: FrameRequest;
  readonly frame: Frame;
  /** The edits that were left out, and why. */
  readonly off: readonly OffEdit[];
  /** When the edit began that this frame answers; undefined where it answers something else. */
  readonly editedAt: number | undefined;
}

/** What a question about the same texts says of them. */
export function textsOf({
  text,
  pair,
  reading,
  frame,
  asked: { edits },
}: Pick<Shown, "text" | "pair" | "reading" | "frame" | "asked">): TextsRequest {
  return {
    reading,
    text,
    ...(pair === "" ? {} : { pair }),
    ...(edits === undefined ? {} : { edits }),
    ...(frame.header.truncated === null ? {} : { first: true as const }),
  };
}

/** The same of what is shown; null before anything is. */
export function unitsOf(shown: Shown | null, direction: Direction = "reads"): Units {
  return shown === null ? null : unitsFor(shown.frame, direction);
}
