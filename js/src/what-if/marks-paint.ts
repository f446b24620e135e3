import type { Pen } from "../drawing/brush";
import type { Rect } from "../drawing/scene";
import type { HeadRef } from "../session/places";

/** What is changed in the heads of a grid. */
export interface HeadMarks {
  readonly silenced: readonly HeadRef[];
  readonly painted: readonly HeadRef[];
  /** Those that the chip that is pointed at names. */
  readonly touched: readonly HeadRef[];
}

type Place = (head: HeadRef) => Rect;

/** A cross over a head that is silent, a corner on one whose pattern is painted. */
export function paintMarked(
  context: Pen,
  marks: HeadMarks,
  place: Place,
  strong: string,
  ground: string,
): void {
  for (const head of marks.silenced) {
    const { x, y, width, height } = place(head);
    const inside = Math.min(3, width / 6);
    for (const [colour, weight] of [
      [ground, 4],
      [strong, 1.75],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = Math.min(weight, width / 3);
      context.beginPath();
      context.moveTo(x + inside, y + inside);
      context.lineTo(x + width - inside, y + height - inside);
      context.moveTo(x + width - inside, y + inside);
      context.lineTo(x + inside, y + height - inside);
      context.stroke();
    }
  }
  for (const head of marks.painted) {
    const { x, y, width } = place(head);
    const side = Math.max(3, width / 3);
    context.fillStyle = strong;
    context.beginPath();
    context.moveTo(x + width - side, y);
    context.lineTo(x + width, y);
    context.lineTo(x + width, y + side);
    context.fill();
  }
  context.strokeStyle = strong;
  context.lineWidth = 2;
  for (const head of marks.touched) {
    const { x, y, width, height } = place(head);
    context.beginPath();
    context.roundRect(x - 1.5, y - 1.5, width + 3, height + 3, width > 14 ? 4 : 0);
    context.stroke();
  }
}
