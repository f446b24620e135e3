import type { Pen } from "../../drawing/brush";
import type { Rect } from "../../drawing/scene";
import type { StripOnShow } from "../../focus/strips";
import type { Over } from "../../wire/look";
import type { Span } from "../../wire/types";
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

/** The tones of a layer on the square-root scale: the largest weight of all layers, outside the sinks, is the full one. */
export function layerTones(
  { values, count, peak, sinks }: Pick<StripOnShow, "values" | "count" | "peak" | "sinks">,
  layer: number,
): readonly number[] {
  const row = values.subarray(layer * count, (layer + 1) * count);
  return Array.from(row, (value, token) =>
    value > 0 && peak > 0 && sinks[layer]?.has(token) !== true ? Math.min(1, Math.sqrt(value / peak)) : 0,
  );
}

/** The heat of a small picture: nothing else is to be seen in it. */
export function paintSmall(
  pen: Pen,
  marks: readonly { readonly rect: Rect; readonly tone: number }[],
  colour: string,
): void {
  pen.fillStyle = colour;
  for (const { rect, tone } of marks) {
    if (!(tone > faintest)) continue;
    pen.globalAlpha = fullest * tone;
    pen.fillRect(rect.x, rect.y, rect.width, rect.height);
  }
  pen.globalAlpha = 1;
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
