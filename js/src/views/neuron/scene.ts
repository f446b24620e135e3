import type { Rect } from "../../drawing/scene";
import type { Span } from "../../wire/types";

export interface NeuronInput {
  readonly count: number;
  readonly dimensions: number;
  readonly width: number;
  readonly offset: number;
  /** The widest label of a token, in pixels. */
  readonly widest: number;
  /** Whether something lies between the scaled product and the softmax. */
  readonly bent: boolean;
  /** How high it may be. */
  readonly tallest?: number | undefined;
  /** What is looked at: a row of keys, and a dimension. */
  readonly row: number | null;
  readonly dimension: number | null;
}

/** The name of a column of numbers; "logit" where a soft cap or a bias lies between. */
export type NumberName = "dot" | "scaled" | "logit" | "weight";

export interface NumberColumn {
  readonly name: NumberName;
  /** Where its numbers end. */
  readonly right: number;
}

/** A vector as cells, one for each dimension. */
export interface Track {
  readonly left: number;
  readonly width: number;
}

/** The query's vector on top; under it a row for each key: its name, its vector, the products, and what comes of them. */
export interface NeuronScene {
  readonly width: number;
  readonly height: number;
  readonly full: number;
  readonly offset: number;
  readonly count: number;
  readonly dimensions: number;
  readonly pitch: number;
  /** Where the rows begin. */
  readonly top: number;
  /** Where labels end. */
  readonly label: number;
  readonly keys: Track;
  readonly products: Track;
  readonly query: Rect;
  readonly numbers: readonly NumberColumn[];
  readonly bar: Track;
  /** The rows in sight: the second outside. */
  readonly seen: Span;
  /** Around the row that is looked at. */
  readonly looked: Rect | null;
  /** Through the dimension that is looked at, in both tracks. */
  readonly stripes: readonly Rect[];
}

const pitch = 22;
const top = 62;
const queryTop = 14;
const queryHeight = 16;
const largestHeight = 420;
const gap = 10;
const numberWidth = 56;
const narrowNumber = 50;
const smallestTrack = 84;
const largestLabel = 0.2;

export function neuronScene(input: NeuronInput): NeuronScene {
  const { count, dimensions, width } = input;
  const label = Math.round(Math.min(width * largestLabel, input.widest + 4)) + numberRoom(count);
  const columns = columnsOf(input, label);
  const full = top + count * pitch + 4;
  const most = input.tallest ?? largestHeight;
  // No row is cut in half at the lower end.
  const height = full <= most ? full : top + Math.max(1, Math.floor((most - top) / pitch)) * pitch;
  const offset = Math.max(0, Math.min(input.offset, full - height));
  const frame = { width, height, full, offset, count, dimensions, pitch, top, label, ...columns };
  const { row, dimension } = input;
  return {
    ...frame,
    query: { x: columns.keys.left, y: queryTop, width: columns.keys.width, height: queryHeight },
    seen: [Math.floor(offset / pitch), Math.min(count, Math.ceil((offset + height - top) / pitch))],
    looked:
      row === null || row >= count ? null : { x: 0, y: top + row * pitch - offset, width, height: pitch },
    stripes:
      dimension === null || dimension >= dimensions
        ? []
        : [columns.keys, columns.products].map((track, index) =>
            stripe(track, dimension, dimensions, height, index),
          ),
  };
}

/** Before a label stands which token it is. */
function numberRoom(count: number): number {
  return 10 + 7 * String(Math.max(0, count - 1)).length;
}

/** The first one goes up to the query's vector. */
function stripe(
  { left, width }: Track,
  dimension: number,
  dimensions: number,
  height: number,
  index: number,
): Rect {
  const pitch = width / dimensions;
  const y = index === 0 ? queryTop : top;
  return { x: left + dimension * pitch, y, width: Math.max(1, pitch), height: height - y };
}

function columnsOf({ width, bent }: NeuronInput, label: number) {
  const names: NumberName[] = bent ? ["dot", "scaled", "logit", "weight"] : ["dot", "scaled", "weight"];
  const wide = width >= 520;
  const own = wide ? numberWidth : narrowNumber;
  const bar = wide ? Math.min(90, Math.round(width * 0.1)) : 28;
  // What does not fit is told by the opened pair.
  for (const spare of ["scaled", "logit"] as const) {
    const room = width - label - names.length * own - bar - 4 * gap;
    if (room < 2 * smallestTrack && names.includes(spare)) names.splice(names.indexOf(spare), 1);
  }
  const track = Math.max(8, Math.floor((width - label - names.length * own - bar - 4 * gap) / 2));
  const keys = { left: label + gap, width: track };
  const products = { left: keys.left + track + gap, width: track };
  const numbers = names.map((name, index) => ({ name, right: products.left + track + (index + 1) * own }));
  return { keys, products, numbers, bar: { left: width - bar, width: bar } };
}

export interface NeuronHit {
  /** Null over the query and the titles. */
  readonly row: number | null;
  readonly dimension: number | null;
  /** On the name of a token. */
  readonly named: boolean;
}

export function neuronHit(scene: NeuronScene, x: number, y: number): NeuronHit | null {
  if (x < 0 || x >= scene.width || y < 0 || y >= scene.height) return null;
  const place = Math.floor((y - scene.top + scene.offset) / scene.pitch);
  const row = y >= scene.top && place < scene.count ? place : null;
  const tracks = y >= scene.top ? [scene.keys, scene.products] : [scene.keys];
  const dimension =
    tracks.map((track) => dimensionAt(track, scene.dimensions, x)).find((at) => at !== null) ?? null;
  return { row, dimension, named: x < scene.label + gap / 2 };
}

export function dimensionAt({ left, width }: Track, dimensions: number, x: number): number | null {
  const place = Math.floor(((x - left) / width) * dimensions);
  return place >= 0 && place < dimensions ? place : null;
}

/** Where to scroll, so that a row is seen; null where it is. */
export function revealRow(scene: NeuronScene, row: number): number | null {
  const room = scene.height - scene.top;
  const place = row * scene.pitch;
  const past = place + scene.pitch - (scene.offset + room);
  if (place >= scene.offset && past <= 0) return null;
  // Next to what is seen only as far as needed: the row stays under the pointer.
  if (past > 0 && past <= scene.pitch) return scene.offset + past;
  if (place < scene.offset && place > scene.offset - scene.pitch - 1) return place;
  return Math.max(0, Math.min(place - room / 2, scene.full - scene.height));
}

export interface PairScene {
  readonly width: number;
  readonly height: number;
  readonly dimensions: number;
  /** Bars grow up and down from the middle of each: q, k and their product. */
  readonly lanes: readonly { readonly name: string; readonly middle: number; readonly reach: number }[];
  readonly track: Track;
  readonly stripe: Rect | null;
}

const laneGap = 8;
const lanes = [
  { name: "q", reach: 12, low: 8 },
  { name: "k", reach: 12, low: 8 },
  { name: "q × k", reach: 20, low: 14 },
];

/** One pair: the query's vector, the key's, and the product of the two, dimension by dimension; lower where rows need the room. */
export function pairScene(
  width: number,
  dimensions: number,
  dimension: number | null,
  compact = false,
): PairScene {
  const left = 40;
  const track = { left, width: Math.max(8, width - left) };
  let height = 2;
  const placed = lanes.map(({ name, low, ...usual }) => {
    const reach = compact ? low : usual.reach;
    const middle = height + reach;
    height = middle + reach + laneGap;
    return { name, middle, reach };
  });
  height -= laneGap - 2;
  const pitch = track.width / Math.max(1, dimensions);
  const inside = dimension !== null && dimension < dimensions;
  return {
    width,
    height,
    dimensions,
    lanes: placed,
    track,
    stripe: inside ? { x: left + dimension * pitch, y: 0, width: Math.max(1, pitch), height } : null,
  };
}
