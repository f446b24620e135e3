import type { View } from "../display/view";
import type { Rect } from "../drawing/scene";
import type { FieldNumber } from "../session/axes";
import { looksOf, type MarkLook, markLook } from "./looks";
import type { TextSurface } from "./text-surface";

/** A mark as it is painted, for whoever asks the element of a field: `field.marks()`. */
export interface ToldMark extends MarkLook {
  readonly token: number;
  readonly tokens: readonly number[];
  readonly text: string;
  /** Whether the tokenizer has added it: it stands beside the text. */
  readonly special: boolean;
  /** Where the line is that tells the direction without the colour. */
  readonly line: "below" | "above";
  /** On the page. */
  readonly rects: readonly Rect[];
}

export function marksTold(view: View, number: FieldNumber, surface: TextSurface): ToldMark[] {
  const looks = looksOf(view, number);
  const told = surface.stretches.map(
    ({ tokens, text, special }, stretch): ToldMark => ({
      ...markLook(looks, tokens),
      token: tokens[0] ?? -1,
      tokens,
      text,
      special,
      line: looks.direction === "read_by" ? "above" : "below",
      rects: surface.rectsOf(stretch).map((rect) => surface.toPage(rect)),
    }),
  );
  return told.sort((one, other) => one.token - other.token);
}
