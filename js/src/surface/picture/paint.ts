import type { Pen } from "../../drawing/brush";
import type { Rect } from "../../drawing/scene";
import type { StripOnShow } from "../../focus/strips";
import { accent, type Palette, wayMark } from "../../lib/colour";
import type { Over } from "../../wire/look";
import type { Direction, Span } from "../../wire/types";
import { type Looks, type MarkLook, markLook } from "../looks";
import type { Inks } from "../paint";
import type { PatchSurface } from "./patches";

export interface PatchMark extends MarkLook {
  readonly rect: Rect;
}

export type Edge = readonly [number, number, number, number];

/** What is looked at, what is pinned, and what was pointed out elsewhere, as outlines. */
export interface Outlines {
  readonly focus: readonly Edge[];
  readonly query: readonly Edge[];
  readonly marked: readonly Edge[];
}

/** How the tokens of a picture are marked. */
export function patchMarks(surface: PatchSurface, looks: Looks): readonly PatchMark[] {
  return surface.tokens.flatMap((token) => {
    const [rect] = surface.rects(token);
    return rect === undefined ? [] : [{ rect, ...markLook(looks, [token]) }];
  });
}

/** What is pinned, looked at and pointed out, as outlines of what it covers together. */
export function outlinesOf(
  surface: PatchSurface,
  { pinned, focus, marked }: Pick<Looks, "pinned" | "focus" | "marked">,
): Outlines {
  const within =
    ([start, stop]: Span) =>
    (token: number) =>
      token >= start && token < stop;
  return {
    query: surface.outline(within(pinned)),
    focus: surface.outline(within(focus)),
    marked: marked === null ? [] : surface.outline((token) => token === marked),
  };
}

/** The most that a colour covers: the picture is still to be seen through it. */
export const fullest = 0.78;
/** The deepest dark. */
const darkest = 0.86;
const faintest = 1 / 512;
const stripe = 3;

/** The heat over a picture, then what is hidden, then the outlines. */
export function paintPatches(
  pen: Pen,
  marks: readonly PatchMark[],
  outlines: Outlines,
  inks: Inks,
  over: Over,
): void {
  const heated = marks.some(({ tone }) => tone > faintest);
  for (const { tone, sink, way, rect } of marks) {
    if (over === "light" && heated && way === null) {
      pen.globalAlpha = darkest * (1 - tone);
      pen.fillStyle = "#000000";
      pen.fillRect(rect.x, rect.y, rect.width, rect.height);
    } else if (tone > faintest && !sink) {
      pen.globalAlpha = fullest * tone;
      // The tone of letters' grounds is too faint for a picture, and too dark in a dark theme.
      pen.fillStyle = way === null ? inks.ring : inks[way];
      pen.fillRect(rect.x, rect.y, rect.width, rect.height);
    }
    if (tone > faintest && sink)
      hatch(pen, rect, over === "light" ? "#ffffff" : inks.ring, Math.max(0.35, tone));
  }
  pen.globalAlpha = 1;
  for (const { hidden, rect } of marks) if (hidden) cover(pen, rect);
  for (const { touched, found, rect } of marks) {
    if (!touched && found === null) continue;
    pen.strokeStyle = inks.changed;
    pen.lineWidth = 1.5;
    pen.strokeRect(rect.x + 1, rect.y + 1, rect.width - 2, rect.height - 2);
  }
  trace(pen, outlines.query, inks.ring, 1.5);
  trace(pen, outlines.marked, inks.ring, 2);
  trace(pen, outlines.focus, inks.ring, 2.5);
}

/** The tones of a layer on the square-root scale: the largest weight of all layers, outside the sinks, is the full one. Of a change they have its sign. */
export function layerTones(
  { values, count, peak, sinks }: Pick<StripOnShow, "values" | "count" | "peak" | "sinks">,
  layer: number,
  full = peak,
): readonly number[] {
  const row = values.subarray(layer * count, (layer + 1) * count);
  return Array.from(row, (value, token) =>
    value !== 0 && full > 0 && sinks[layer]?.has(token) !== true
      ? Math.sign(value) * Math.min(1, Math.sqrt(Math.abs(value) / full))
      : 0,
  ).map((tone) => (Number.isNaN(tone) ? 0 : tone));
}

interface SmallMark {
  readonly rect: Rect;
  readonly tone: number;
  readonly sink: boolean;
}

/** How the tokens of a picture are marked in one layer: what is a sink there is hatched. */
export function layerMarks(
  surface: PatchSurface,
  strip: Pick<StripOnShow, "values" | "count" | "peak" | "sinks">,
  layer: number,
  full: number,
): readonly SmallMark[] {
  const tones = layerTones(strip, layer, full);
  return surface.tokens.flatMap((token) => {
    const [rect] = surface.rects(token);
    const read = (strip.values[layer * strip.count + token] ?? 0) > 0;
    const sink = read && strip.sinks[layer]?.has(token) === true;
    return rect === undefined ? [] : [{ rect, tone: tones[token] ?? 0, sink }];
  });
}

/** What a small picture is painted with: what is read, and of a change what is read more or less. */
export interface SmallInks {
  readonly above: string;
  readonly below: string;
  readonly ring: string;
}

export function smallInks(palette: Palette, direction: Direction, signed = false): SmallInks {
  const { strong } = accent(palette, direction);
  if (!signed) return { above: strong, below: strong, ring: strong };
  return { above: wayMark(palette, "more"), below: wayMark(palette, "less"), ring: strong };
}

/** A small picture with the heat of one layer; the query, and what is pointed out, have a line around them. */
export function paintLayer(
  pen: Pen,
  surface: PatchSurface,
  bitmap: ImageBitmap,
  marks: readonly SmallMark[],
  inks: SmallInks,
  told: { readonly query: Span; readonly marked: number | null },
): void {
  const { width, height } = surface;
  pen.imageSmoothingEnabled = bitmap.width > width;
  pen.drawImage(bitmap, 0, 0, bitmap.width, bitmap.height, 0, 0, width, height);
  for (const { rect, tone } of marks) {
    if (!(Math.abs(tone) > faintest)) continue;
    pen.globalAlpha = fullest * Math.abs(tone);
    pen.fillStyle = tone > 0 ? inks.above : inks.below;
    pen.fillRect(rect.x, rect.y, rect.width, rect.height);
  }
  pen.globalAlpha = 1;
  for (const { rect, sink } of marks) if (sink) hatch(pen, rect, inks.ring, 0.5);
  pen.globalAlpha = 1;
  const { query, marked } = outlinesOf(surface, {
    pinned: told.query,
    focus: told.query,
    marked: told.marked,
  });
  trace(pen, query, inks.ring, 1);
  trace(pen, marked, inks.ring, 1.5);
}

/** A line with a light one under it: it is seen on any colour. */
function trace(pen: Pen, edges: readonly Edge[], colour: string, weight: number): void {
  if (edges.length === 0) return;
  for (const [ink, width] of [
    ["#ffffff", weight + 2],
    [colour, weight],
  ] as const) {
    pen.strokeStyle = ink;
    pen.lineWidth = width;
    pen.beginPath();
    for (const [left, top, right, bottom] of edges) {
      pen.moveTo(left, top);
      pen.lineTo(right, bottom);
    }
    pen.stroke();
  }
}

/** A patch that nobody reads. */
function cover(pen: Pen, { x, y, width, height }: Rect): void {
  pen.globalAlpha = 0.88;
  pen.fillStyle = "#7d8590";
  pen.fillRect(x, y, width, height);
  pen.globalAlpha = 1;
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, y + height);
  pen.lineTo(x + width, y);
  pen.stroke();
}

/** Stripes from the upper left corner: a sink, which is read for what it is and not for what it shows. */
function hatch(pen: Pen, { x, y, width, height }: Rect, colour: string, tone: number): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.globalAlpha = tone;
  pen.strokeStyle = colour;
  pen.lineWidth = stripe / 2;
  pen.beginPath();
  for (let at = stripe; at < width + height; at += 2 * stripe) {
    pen.moveTo(x + at, y);
    pen.lineTo(x + at - height, y + height);
  }
  pen.stroke();
  pen.restore();
}
