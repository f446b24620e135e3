import { fitted } from "../../drawing/labels";
import type { Rect } from "../../drawing/scene";
import { type LinesFrame, lineMiddle, markHeight, trackWidth } from "./scene";

/** A token beside its lines. */
export interface LineEnd {
  readonly side: "query" | "key";
  readonly token: number;
  readonly text: string;
  /** The weight that is written beside it; "" for none. */
  readonly number: string;
  readonly tone: number;
  /** Of a change: whether it is read more, or less, than before. */
  readonly way: "more" | "less" | null;
  readonly sink: boolean;
  readonly focus: boolean;
  readonly query: boolean;
  readonly marked: boolean;
  /** How thick an outline it has, 0 for none. */
  readonly ring: number;
}

/** Where it stands: the ground of its heat, its text and its number. */
export interface PlacedLineEnd extends LineEnd, Rect {
  /** What `text` is short for. */
  readonly whole: string;
  readonly align: "left" | "right";
  readonly textX: number;
  readonly numberX: number;
  readonly middle: number;
}

const away = 9;
const padding = 4;
const gap = 6;
const numberRoom = 40;

/** Words that are too long end in an ellipsis; `beside` is room between a word and its lines. */
export function placeLineEnds(
  frame: LinesFrame,
  ends: readonly LineEnd[],
  measure: (text: string, strong: boolean) => number,
  beside = 0,
): PlacedLineEnd[] {
  const room = frame.left - away - 2 * padding - 2 - (frame.long ? trackWidth + 2 : 0) - beside;
  return ends.map((end) => {
    const wide = (text: string) => measure(text, end.focus);
    const text = fitted(end.text, room - (end.number === "" ? 0 : numberRoom), wide);
    const width = wide(text) + 2 * padding + beside;
    // A ring is round the letters, not through them.
    const height = markHeight(end.ring > 0 ? { pitch: frame.pitch + 3 } : frame);
    const middle = lineMiddle(frame, end.side, [end.token, end.token + 1]);
    const box = { whole: end.text, width, height, y: middle - height / 2, middle };
    if (end.side === "key") {
      const x = frame.right + away;
      return {
        ...end,
        ...box,
        text,
        x,
        align: "left",
        textX: x + padding + beside,
        numberX: x + width + gap,
      };
    }
    const x = frame.left - away - width;
    return { ...end, ...box, text, x, align: "right", textX: x + width - padding - beside, numberX: x - gap };
  });
}
