import { fitted, labelStep, thinLabels } from "../drawing/labels";
import type { Label, Rect } from "../drawing/scene";
import { reach, tiltedFoot, tiltedPitch, tilts } from "../drawing/tilt";
import { isTime, shorten } from "../lib/format";
import type { Side } from "../session/places";
import type { Direction, Span, Viewport } from "../wire/types";
import { clampViewport, extentOf, isZoomed, spansOf, wholeMap } from "./viewport";

export interface MatrixInput extends FrameInput {
  readonly direction: Direction;
  /** The pinned query. */
  readonly query: Span;
  /** What is looked at: the query, or a hovered token. */
  readonly focus: Span;
  /** Which way it looks, where it is of the other text than the query. */
  readonly focused?: Direction;
  readonly cell: { readonly query: number; readonly key: number } | null;
  /** Tokens that matter most to the focus, along the other axis. */
  readonly strong: readonly number[];
  /** Places along each axis that are always named: what was replaced. */
  readonly named?: Readonly<Record<Side, readonly number[]>>;
  /** What of the map is in sight; all of it when not said. */
  readonly viewport?: Viewport;
  /** The number of a row's or a column's token: its place, unless the map is over some of the tokens. */
  readonly numberOf?: (side: Side, place: number) => number;
}

interface FrameInput {
  /** Of the queries. */
  readonly labels: readonly string[];
  /** Of the keys, where they are another text. */
  readonly keyLabels?: readonly string[];
  readonly width: number;
  /** The most that it may be high; not said: as high as fits most screens. */
  readonly tallest?: number | undefined;
  readonly measure: (text: string) => number;
}

/** Where the plot of the matrix is. It does not move when the map in it is zoomed. */
export interface MatrixFrame {
  readonly width: number;
  readonly height: number;
  readonly queries: number;
  readonly keys: number;
  readonly left: number;
  readonly top: number;
  /** The plot's own width and height. */
  readonly across: number;
  readonly down: number;
  /** The widest label of a key. */
  readonly widest: number;
}

export interface MatrixScene extends MatrixFrame {
  /** One key and one query, in pixels. May be less than one. */
  readonly columnPitch: number;
  readonly rowPitch: number;
  readonly view: Viewport;
  readonly zoomed: boolean;
  /** Tokens in sight. */
  readonly rows: Span;
  readonly columns: Span;
  readonly tilted: boolean;
  readonly rowLabels: readonly Label[];
  readonly columnLabels: readonly Label[];
  /** The pinned query; null where it is not outlined. */
  readonly band: Rect | null;
  readonly focusBand: Rect | null;
  readonly cross: Rect | null;
  /** Row and column of the cell that is looked at. */
  readonly guides: readonly Rect[];
  /** Beside the plot while it is zoomed: which part of the map is in sight, along each axis. */
  readonly thumbs: readonly Rect[];
}

const largestCell = 60;
/** Larger than this a matrix no longer fits a screen. */
const largestSize = 560;
const smallestSize = 120;
/** Where there is more width than height, a cell is up to so much wider than high. */
const broadest = 2.4;
/** Of two texts a cell may be wider than high, until it is as wide as this. */
const widestCell = 96;
const lowestCell = 22;
const labelGap = 8;
/** Room for the words in the corner. */
const cornerWidth = 40;
const rowRoom = 11;
const columnRoom = 12;
/** From here on a thinned axis is no longer readable as text: it shows numbers. */
const numbersFrom = 10;
/** Numbers are marks to find one's way by, and need not stand as close as words. */
const numberRoom = 26;
/** Characters of one label for several tokens. */
const longest = 28;
/** A label nearer to the upper edge would run into the words in the corner. */
const topmost = 3;
const thumbGap = 3;
const thumbWidth = 3;
const shortestThumb = 8;

export function matrixFrame({
  labels,
  keyLabels = labels,
  width,
  tallest,
  measure,
}: FrameInput): MatrixFrame {
  const queries = Math.max(1, labels.length);
  const keys = Math.max(1, keyLabels.length);
  const widths = keyLabels.map(measure);
  const widest = widths.reduce((most, width) => Math.max(most, width), cornerWidth);
  const named = keyLabels === labels ? widest : Math.max(cornerWidth, ...labels.map(measure));
  const rowLabel = Math.max(named, measure(timesTogether(labels) ?? ""));
  const left = Math.ceil(rowLabel) + labelGap + 2;
  const topOf = (pitch: number) => Math.ceil(tilts(widest, pitch) ? widest * reach.up + 16 : 32);
  const pitches = (down: number) => pitchesOf(width - left, widths, queries, keyLabels === labels, down);
  const roomUnder = (above: number) =>
    tallest === undefined ? largestSize : Math.max(smallestSize, tallest - above - thumbGap - thumbWidth);
  // Smaller columns may tilt their labels, which takes more of the height.
  let [columnPitch, rowPitch] = pitches(roomUnder(topOf(widestCell)));
  if (topOf(columnPitch) > topOf(widestCell))
    [columnPitch, rowPitch] = pitches(roomUnder(topOf(columnPitch)));
  const top = topOf(columnPitch);
  const [across, down] = [columnPitch * keys, rowPitch * queries];
  const height = Math.ceil(top + down + thumbGap + thumbWidth);
  return { width, height, queries, keys, left, top, across, down, widest };
}

export function matrixScene(input: MatrixInput, frame: MatrixFrame = matrixFrame(input)): MatrixScene {
  const view = clampViewport(input.viewport ?? wholeMap, frame);
  const seen = spansOf(view, frame);
  const pitches = { columnPitch: frame.across / seen.keys, rowPitch: frame.down / seen.queries };
  const sight = { ...frame, view, ...pitches, ...extentOf(view, frame) };
  const zoomed = isZoomed(view, frame);
  const moved = input.focus[0] !== input.query[0] || input.focus[1] !== input.query[1];
  return {
    ...sight,
    zoomed,
    // The room above the plot is made for the whole map: what lay flat there has no room to rise.
    tilted: tilts(frame.widest, sight.columnPitch),
    rowLabels: rowLabels(input, sight),
    columnLabels: columnLabels(input, sight),
    band: bandOf(input.query, input.direction, sight),
    focusBand:
      moved || looking(input) !== input.direction ? bandOf(input.focus, looking(input), sight) : null,
    cross: input.cell === null ? null : cellRect(input.cell, sight),
    guides: input.cell === null ? [] : guidesOf(input.cell, sight),
    thumbs: zoomed ? thumbsOf(sight) : [],
  };
}

/** Which way the focus looks. */
function looking({ direction, focused = direction }: MatrixInput): Direction {
  return focused;
}

type Sight = MatrixFrame & Pick<MatrixScene, "columnPitch" | "rowPitch" | "view" | "rows" | "columns">;

/** One key and one query in pixels: nearly the same in a map of one text. Of two texts each may use the room that there is. */
function pitchesOf(
  room: number,
  widths: readonly number[],
  queries: number,
  square: boolean,
  /** The most that all rows may be high. */
  down: number,
): [number, number] {
  if (square) {
    const row = pitchOf(room, widths, Math.min(largestCell, down / queries));
    return [pitchOf(room, widths, Math.min(largestCell, row * broadest)), row];
  }
  const column = pitchOf(room, widths, widestCell);
  const row = Math.min(largestCell, down / queries, Math.max(column, lowestCell));
  return [column, row >= 4 ? Math.floor(row) : row];
}

function pitchOf(room: number, widths: readonly number[], largest: number): number {
  const pitch = tiltedPitch(room, widths, largest);
  return pitch >= 4 ? Math.floor(pitch) : Math.max(pitch, 0.1);
}

/** Where a token begins: its number may have a fraction. */
export function columnX(sight: Pick<Sight, "left" | "columnPitch" | "view">, key: number): number {
  return sight.left + (key - sight.view.key) * sight.columnPitch;
}

export function rowY(sight: Pick<Sight, "top" | "rowPitch" | "view">, query: number): number {
  return sight.top + (query - sight.view.query) * sight.rowPitch;
}

function rowLabels(input: MatrixInput, sight: Sight): Label[] {
  return axis(input, "query", sight.rows, sight.rowPitch, rowRoom)
    .map(({ text, ...label }) => ({
      ...label,
      text: fitted(text, sight.left - labelGap, input.measure),
      x: sight.left - labelGap,
      y: rowY(sight, label.index + 0.5),
    }))
    .filter(({ y }) => y >= sight.top + topmost && y <= sight.top + sight.down);
}

function columnLabels(input: MatrixInput, sight: Sight): Label[] {
  const tilted = tilts(sight.widest, sight.columnPitch);
  return (
    axis(input, "key", sight.columns, sight.columnPitch, columnRoom)
      .map((label) => ({
        ...label,
        x: columnX(sight, label.index + 0.5),
        y: sight.top - labelGap - (tilted ? 0 : 2),
      }))
      .filter(({ x }) => x >= sight.left && x <= sight.left + sight.across)
      // A label that would leave the canvas gives up its end: at the right where the map is zoomed any may be the last.
      .map((label) => {
        const room = Math.min(sight.widest, (sight.width - label.x) / reach.across);
        return tilted ? { ...label, text: fitted(label.text, room, input.measure) } : label;
      })
  );
}

function axis(input: MatrixInput, name: Side, sight: Span, pitch: number, room: number) {
  const labels = name === "query" ? input.labels : (input.keyLabels ?? input.labels);
  const focused = (name === "query") === (looking(input) === "reads");
  const crowd = focused ? crowdOf(input.focus, sight, pitch, room) : null;
  const pointed = [
    ...(crowd !== null ? [middleOf(crowd)] : focused ? range(input.focus) : []),
    ...(input.cell === null ? [] : [input.cell[name]]),
  ];
  const named = input.named?.[name] ?? [];
  const strong = focused ? named : [...named, ...input.strong];
  const ends = pointed.length > 3 ? [pointed[0] as number, pointed.at(-1) as number] : pointed;
  const needed = [...ends];
  for (const place of named)
    if (needed.every((other) => Math.abs(other - place) * pitch >= room)) needed.push(place);
  const numbers = labelStep(pitch, room) >= numbersFrom;
  const apart = numbers ? numberRoom : room;
  return thinLabels(labels.length, pitch, apart, needed, sight).map((index) => {
    const tone = pointed.includes(index) ? "point" : strong.includes(index) ? "strong" : "plain";
    const bare = tone === "plain" && numbers && !isTime(labels[index] ?? "");
    const text =
      crowd !== null && index === middleOf(crowd)
        ? together(labels.slice(...input.focus))
        : bare
          ? String(input.numberOf?.(name, index) ?? index)
          : (labels[index] ?? "");
    return { index, tone, text } as const;
  });
}

/** What is in sight of a focus whose labels would lie over each other, be it only those of its ends: it has one label. */
function crowdOf([start, stop]: Span, sight: Span, pitch: number, room: number): Span | null {
  const apart = stop - start > 3 ? (stop - start - 1) * pitch : pitch;
  if (stop - start < 2 || apart >= room) return null;
  const seen: Span = [Math.max(start, sight[0]), Math.min(stop, sight[1])];
  return seen[1] > seen[0] ? seen : null;
}

function middleOf([start, stop]: Span): number {
  return (start + stop - 1) / 2;
}

/** "0.20–0.38 s"; null for what is no time. */
function timesTogether(labels: readonly string[]): string | null {
  const [first, last] = [labels[0] ?? "", labels.at(-1) ?? ""];
  return isTime(first) && isTime(last) ? `${first.replace(" s", "")}–${last}` : null;
}

/** Labels in one; what goes on with the word before it is joined to it. */
function together(labels: readonly string[]): string {
  return timesTogether(labels) ?? shorten(labels.join(" ").replaceAll(" …", ""), longest);
}

function range([start, stop]: Span): number[] {
  return Array.from({ length: Math.max(0, stop - start) }, (_, index) => start + index);
}

function bandOf([start, stop]: Span, direction: Direction, sight: Sight): Rect | null {
  if (stop <= start) return null;
  const { left, top, across, down } = sight;
  const extent = (pitch: number) => Math.max(pitch * (stop - start), 2);
  return direction === "reads"
    ? { x: left, y: rowY(sight, start), width: across, height: extent(sight.rowPitch) }
    : { x: columnX(sight, start), y: top, width: extent(sight.columnPitch), height: down };
}

function cellRect({ query, key }: { query: number; key: number }, sight: Sight): Rect {
  const [width, height] = [Math.max(sight.columnPitch, 2), Math.max(sight.rowPitch, 2)];
  return { x: columnX(sight, key), y: rowY(sight, query), width, height };
}

function guidesOf(cell: { query: number; key: number }, sight: Sight): Rect[] {
  const { x, y, width, height } = cellRect(cell, sight);
  return [
    { x: sight.left, y, width: sight.across, height },
    { x, y: sight.top, width, height: sight.down },
  ];
}

function thumbsOf({ left, top, across, down, queries, keys, view }: Sight): Rect[] {
  const seen = spansOf(view, { queries, keys });
  const along = (size: number, first: number, extent: number, count: number) => {
    const length = Math.max(Math.min(shortestThumb, size), (size * extent) / count);
    return [count > extent ? ((size - length) * first) / (count - extent) : 0, length] as const;
  };
  const [x, width] = along(across, view.key, seen.keys, keys);
  const [y, height] = along(down, view.query, seen.queries, queries);
  return [
    { x: left + x, y: top + down + thumbGap, width, height: thumbWidth },
    { x: left + across + thumbGap, y: top + y, width: thumbWidth, height },
  ];
}

/** The same with nothing pointed at, as a figure shows it. */
export function atRest(scene: MatrixScene, outlined: boolean): MatrixScene {
  return { ...scene, cross: null, guides: [], focusBand: null, band: outlined ? scene.band : null };
}

/** How much of its width a scene has ink in: few tokens leave the rest of it empty. */
export function inkWidth(scene: MatrixScene): number {
  const { left, tilted, columnLabels, widest, width } = scene;
  const overhang = tilted ? Math.max(0, ...columnLabels.map(({ x }) => x + widest * reach.across)) : 0;
  return Math.min(width, Math.ceil(Math.max(left + scene.across + thumbGap + thumbWidth, overhang)) + 2);
}

export type MatrixHit =
  | { readonly kind: "cell"; readonly query: number; readonly key: number }
  | { readonly kind: "row"; readonly token: number }
  | { readonly kind: "column"; readonly token: number };

export function matrixHit(scene: MatrixScene, x: number, y: number): MatrixHit | null {
  const { left, top, across, down, view } = scene;
  const column = Math.floor((x - left) / scene.columnPitch + view.key);
  const row = Math.floor((y - top) / scene.rowPitch + view.query);
  const inColumns = x >= left && x < left + across && column < scene.keys;
  const inRows = y >= top && y < top + down && row < scene.queries;
  if (inColumns && inRows) return { kind: "cell", query: row, key: column };
  if (inRows && x < left) return { kind: "row", token: row };
  if (y < top && x > left - 4) return columnLabelHit(scene, x, y);
  return null;
}

function columnLabelHit(scene: MatrixScene, x: number, y: number): MatrixHit | null {
  const foot = scene.tilted ? tiltedFoot(x, scene.top - labelGap - y) : x;
  const token = Math.floor((foot - scene.left) / scene.columnPitch + scene.view.key);
  return foot >= scene.left && foot < scene.left + scene.across && token < scene.keys
    ? { kind: "column", token }
    : null;
}
