import type { Pen } from "../drawing/brush";
import type { Rect } from "../drawing/scene";
import { behindLetters } from "../lib/colour";
import type { MarkLook } from "./looks";
import { joined, runsOf } from "./runs";

/** What a mark is painted with: as the style sheet has them, which knows of themes, of contrast and of the system's colours. */
export interface Inks {
  readonly mark: string;
  /** The other colour of a sink's stripes. */
  readonly stripe: string;
  readonly ring: string;
  readonly text: string;
  /** Of what is changed in the computation. */
  readonly changed: string;
  /** The full tone of what is read more than before, and of what is read less. */
  readonly more: string;
  readonly less: string;
  /** The same of what hurts the answer, and of what helps it. */
  readonly hurts: string;
  readonly helps: string;
}

export interface PlacedMark extends MarkLook {
  readonly rects: readonly Rect[];
}

const radius = 4;
/** Less than a step of any colour. */
const faintest = 1 / 512;
const stripe = 3;

/** The heat first, then the rings over it, one round each run of tokens. `above`: the line that tells the direction without the colour is over the letters; so is that of what helps the answer. */
export function paintMarks(context: Pen, marks: readonly PlacedMark[], inks: Inks, above: boolean): void {
  for (const { tone, sink, way, rects } of marks) {
    if (!(tone > faintest)) continue;
    for (const rect of rects) {
      context.globalAlpha = behindLetters(tone);
      if (sink) paintStripes(context, rect, inks);
      else {
        context.fillStyle = way === null ? inks.mark : inks[way];
        context.beginPath();
        context.roundRect(rect.x, rect.y, rect.width, rect.height, radius);
        context.fill();
      }
      if (way === "more" || way === "less") continue;
      context.fillStyle = way === null ? inks.ring : inks.text;
      if (way !== null) context.globalAlpha = behindLetters(tone) / 2;
      paintLine(context, rect, way === null ? above : way === "helps");
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = inks.text;
  for (const run of runsOf(marks, ({ produced }) => produced !== null)) {
    context.globalAlpha = run[0]?.produced === "stale" ? 0.3 : 0.8;
    for (const rect of joined(run.flatMap(({ rects }) => rects))) dot(context, rect);
  }
  context.globalAlpha = 1;
  context.strokeStyle = inks.changed;
  for (const { hidden, touched, rects } of marks) {
    if (hidden) for (const rect of rects) strike(context, rect);
    if (touched) paintRings(context, rects, 1.5);
  }
  context.strokeStyle = inks.ring;
  // Nothing else is looked at than the query: one ring is enough.
  const pinned = runsOf(marks, ({ query }) => query).filter((run) => !run.every(({ focus }) => focus));
  for (const run of pinned) paintRings(context, joined(run.flatMap(({ rects }) => rects)), 1);
  for (const run of runsOf(marks, ({ focus }) => focus))
    paintRings(context, joined(run.flatMap(({ rects }) => rects)), 2);
  context.strokeStyle = inks.text;
  for (const { focus, query, marked, found, rects } of marks) {
    if (focus || query || !(marked || found !== null)) continue;
    const dashed = !marked && found === "match";
    if (dashed) context.setLineDash([2, 2]);
    paintRings(context, rects, dashed ? 1 : 1.5);
    if (dashed) context.setLineDash([]);
  }
}

/** Dots under the letters. */
function dot(context: Pen, { x, y, width, height }: Rect): void {
  context.lineWidth = 1.5;
  context.setLineDash([1.5, 2.5]);
  context.beginPath();
  context.moveTo(x + 1, y + height + 1);
  context.lineTo(x + width - 1, y + height + 1);
  context.stroke();
  context.setLineDash([]);
}

/** A line through the middle of the letters, as far as the mark. */
function strike(context: Pen, { x, y, width, height }: Rect): void {
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, y + 0.54 * height);
  context.lineTo(x + width, y + 0.54 * height);
  context.stroke();
}

function paintRings(context: Pen, rects: readonly Rect[], weight: number): void {
  context.lineWidth = weight;
  for (const rect of rects) paintRing(context, rect, weight);
}

/** Around it, and nothing of it over the letters. */
function paintRing(context: Pen, { x, y, width, height }: Rect, weight: number): void {
  context.beginPath();
  context.roundRect(x - weight / 2, y - weight / 2, width + weight, height + weight, radius + weight / 2);
  context.stroke();
}

/** Two rows of pixels along the lower or the upper edge, shorter at the ends as the corners are round. */
function paintLine(context: Pen, { x, y, width, height }: Rect, above: boolean): void {
  const far = Math.min(2.5, width / 3);
  const near = Math.min(1, width / 3);
  const [outer, inner] = above ? [y, y + 1] : [y + height - 1, y + height - 2];
  context.fillRect(x + far, outer, width - 2 * far, 1);
  context.fillRect(x + near, inner, width - 2 * near, 1);
}

/** Two colours in turns, from the upper left corner. */
function paintStripes(context: Pen, { x, y, width, height }: Rect, { mark, stripe: other }: Inks): void {
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.clip();
  context.lineWidth = stripe;
  const far = (width + height) / Math.SQRT2;
  for (const [colour, first] of [
    [mark, stripe / 2],
    [other, 1.5 * stripe],
  ] as const) {
    context.strokeStyle = colour;
    context.beginPath();
    for (let at = first; at < far + stripe; at += 2 * stripe) {
      const reach = at * Math.SQRT2;
      context.moveTo(x + reach + stripe, y - stripe);
      context.lineTo(x + reach - height - stripe, y + height + stripe);
    }
    context.stroke();
  }
  context.restore();
}
