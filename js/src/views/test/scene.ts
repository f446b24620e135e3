import type { Rect } from "../../drawing/scene";
import { wrap } from "../../drawing/wrap";
import type { EvidenceMethod, EvidencePlace } from "../../wire/experiments/evidence";
import { placeName, type Row } from "./rows";

/** In CSS pixels. */
export interface TestScene {
  readonly width: number;
  /** Of what is seen at once, and of all there is to scroll through. */
  readonly height: number;
  readonly full: number;
  /** Where the names end and the columns begin. */
  readonly left: number;
  /** Under the headings, and over the rank agreement. */
  readonly top: number;
  readonly bottom: number;
  readonly columnWidth: number;
  readonly offset: number;
  /** Rows in sight. */
  readonly seen: readonly [number, number];
  readonly rows: readonly Row[];
  readonly headings: readonly (readonly string[])[];
  /** Of their letters: as large as leaves their words whole. */
  readonly headingSize: number;
}

export const pitch = 19;
export const headingLine = 13;
/** From a heading to the end of its column, and to the heading before. */
export const headingEnd = 5;
const headingGap = 2;
const headingSizes = [11, 10.5, 10, 9.5] as const;
/** Where no word of a name has room. */
const short: Readonly<Record<string, string>> = {
  attention: "attn",
  gradient: "grad",
  integrated: "IG",
  estimate: "est.",
};
const footer = 23;
/** Under this the words of most headings would be broken. */
const fair = 57;
const narrowest = 32;
const widest = 66;
const leastNames = 82;
/** Where there are many columns, and little room. */
const fewNames = 70;
/** Of a table in a page that grows with it. */
const tallestOpen = 480;

interface Given {
  readonly rows: readonly Row[];
  readonly places: readonly EvidencePlace[];
  readonly columns: readonly EvidenceMethod[];
  readonly width: number;
  readonly tallest: number | undefined;
  readonly offset: number;
  /** Of a text in 11 pixels. */
  readonly measure: (text: string) => number;
}

/** Whether so many columns have room beside the names. */
export function haveRoom(columns: number, width: number): boolean {
  return width >= leastNames + columns * fair;
}

export function testScene({ rows, places, columns, width, tallest, offset, measure }: Given): TestScene {
  const number = (place: EvidencePlace) => measure(` #${place.token}`);
  const wanted = places.reduce((most, place) => Math.max(most, measure(placeName(place)) + number(place)), 0);
  const count = Math.max(1, columns.length);
  const least = width >= leastNames + count * fair ? leastNames : fewNames;
  // Names first, as far as the columns stay wide enough for their headings.
  const left = Math.max(least, Math.min(wanted * 1.12 + 14, width - count * fair));
  const columnWidth = Math.min(widest, Math.max(narrowest, (width - left) / count));
  const room = columnWidth - headingEnd - headingGap;
  const { headings, headingSize } = headingsOf(columns, room, measure);
  const top = Math.max(1, ...headings.map((lines) => lines.length)) * headingLine + 5;
  const full = top + rows.length * pitch + footer;
  const most = Math.max(top + footer + 3 * pitch, tallest ?? tallestOpen);
  // Whole rows, so that none is cut.
  const height = full <= most ? full : top + Math.floor((most - top - footer) / pitch) * pitch + footer;
  const bottom = height - footer;
  const at = Math.max(0, Math.min(offset, full - height));
  const seen = [
    Math.floor(at / pitch),
    Math.min(rows.length, Math.ceil((at + bottom - top) / pitch)),
  ] as const;
  return {
    width,
    height,
    full,
    left,
    top,
    bottom,
    columnWidth,
    offset: at,
    seen,
    rows,
    headings,
    headingSize,
  };
}

/** Their titles in lines, as large as leaves every word whole; the name, or its short form, where a title does not fit. */
function headingsOf(
  columns: readonly EvidenceMethod[],
  room: number,
  measure: (text: string) => number,
): Pick<TestScene, "headings" | "headingSize"> {
  const within = (size: number) => (text: string) => (measure(text) * size) / headingSizes[0];
  const fits = (text: string, size: number) => text.split(/\s+/).every((word) => within(size)(word) <= room);
  const [long, all] = [
    ({ title, name }: EvidenceMethod) => [title, name],
    ({ title, name }: EvidenceMethod) => [title, name, short[name] ?? name],
  ];
  const sizeFor = (texts: typeof all) =>
    headingSizes.find((size) => columns.every((column) => texts(column).some((text) => fits(text, size))));
  const headingSize = sizeFor(long) ?? sizeFor(all) ?? 9.5;
  const headings = columns.map((column) => {
    const texts = all(column);
    const text = texts.find((one) => fits(one, headingSize)) ?? (texts.at(-1) as string);
    return wrap(text, room, within(headingSize));
  });
  return { headings, headingSize };
}

/** All of it at once, for a picture. */
export function wholeScene(given: Omit<Given, "offset" | "tallest">): TestScene {
  return testScene({ ...given, offset: 0, tallest: Number.POSITIVE_INFINITY });
}

export function rowRect({ top, offset, left, columnWidth, headings }: TestScene, row: number): Rect {
  return { x: 0, y: top + row * pitch - offset, width: left + headings.length * columnWidth, height: pitch };
}

export function cellRect(scene: TestScene, row: number, column: number): Rect {
  const { y } = rowRect(scene, row);
  return { x: scene.left + column * scene.columnWidth, y, width: scene.columnWidth, height: pitch };
}

/** What is under a point: a row, a column, or both; `row` null over the headings, the row count in the rank agreement. */
export interface Spot {
  readonly row: number | null;
  readonly column: number | null;
}

export function spotAt(scene: TestScene, x: number, y: number): Spot | null {
  const { left, columnWidth, headings, top, bottom, offset, rows, height } = scene;
  const at = Math.floor((x - left) / columnWidth);
  const column = at >= 0 && at < headings.length ? at : null;
  if (y < 0 || y >= height || at >= headings.length) return null;
  if (y < top) return column === null ? null : { row: null, column };
  if (y >= bottom) return column === null ? null : { row: rows.length, column };
  const row = Math.floor((y - top + offset) / pitch);
  return row < rows.length ? { row, column } : null;
}

/** Where to scroll so that a row is seen; null where it is. */
export function revealRow({ top, bottom, offset }: TestScene, row: number): number | null {
  const [upper, lower] = [row * pitch, (row + 1) * pitch];
  if (upper < offset) return upper;
  return lower > offset + bottom - top ? lower - (bottom - top) : null;
}
