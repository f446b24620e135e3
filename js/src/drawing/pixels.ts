import { placeOf, type Ramp, signedTone, tone } from "../lib/colour";

/** RGBA, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

export interface Values {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
  /** The number of the full tone. */
  readonly full: number;
  readonly causal: boolean;
  /** How many rows further down the values begin than columns to the right: 0 for a whole map. */
  readonly shift?: number;
  /** How much of its tone each value keeps; all of it where nothing is said. */
  readonly fading?: ArrayLike<number> | null;
  /** Whether they have a sign: then nothing is the middle of the ramp. */
  readonly signed?: boolean;
}

/** Weights -> one pixel each. What a causal map cannot see is left transparent. */
export function weightPixels(map: Values, ramp: Ramp): Pixels {
  const { values, rows, columns, full, causal, shift = 0, fading = null, signed = false } = map;
  const data = new Uint8ClampedArray(rows * columns * 4);
  for (let row = 0; row < rows; row++) {
    const stop = causal ? Math.min(columns, row + shift + 1) : columns;
    for (let column = 0; column < stop; column++) {
      const index = row * columns + column;
      putColour(data, index, ramp, placeOf(values[index] as number, full, signed, fading?.[index]));
    }
  }
  return { width: columns, height: rows, data };
}

/** Thumbnails hold the square root already. All heads in one image, side by side. `full`: the weight of the full tone of a head. */
export function thumbnailPixels(
  bytes: Uint8Array,
  shape: Small,
  causal: boolean,
  full: (head: number) => number,
  ramp: Ramp,
): Pixels {
  let [given, tones] = [Number.NaN, new Float32Array(256)];
  return smallPixels(bytes, shape, causal, ramp, (map) => {
    const now = full(map);
    if (now !== given) [given, tones] = [now, tonesOfBytes(now)];
    return (byte) => tones[byte] as number;
  });
}

/** The same of changes, which have a sign. */
export function changePixels(
  changes: Float32Array,
  shape: Small,
  causal: boolean,
  full: (head: number) => number,
  ramp: Ramp,
): Pixels {
  return smallPixels(changes, shape, causal, ramp, (map) => {
    const most = full(map);
    return (change) => signedTone(change, most);
  });
}

type Small = readonly [layers: number, heads: number, rows: number, columns: number];

/** `toneOf`: of a head, how strong each of its numbers is. */
function smallPixels(
  numbers: ArrayLike<number>,
  [layers, heads, rows, columns]: Small,
  causal: boolean,
  ramp: Ramp,
  toneOf: (head: number) => (number: number) => number,
): Pixels {
  const width = heads * columns;
  const data = new Uint8ClampedArray(layers * rows * width * 4);
  let known = -1;
  let here = (_number: number) => 0;
  for (let source = 0; source < numbers.length; source++) {
    const column = source % columns;
    const row = Math.floor(source / columns) % rows;
    if (causal && column > row) continue;
    const map = Math.floor(source / (rows * columns));
    if (map !== known) {
      known = map;
      here = toneOf(map);
    }
    const y = Math.floor(map / heads) * rows + row;
    putColour(data, y * width + (map % heads) * columns + column, ramp, here(numbers[source] as number));
  }
  return { width, height: layers * rows, data };
}

const tonesOfBytes = (full: number) =>
  Float32Array.from({ length: 256 }, (_, byte) => tone((byte / 255) ** 2, full));

/** The colour of a place on a ramp, as the pixel of a number. */
export function putColour(pixels: Uint8ClampedArray, index: number, ramp: Ramp, place: number): void {
  const from = Math.round(place * 255) * 3;
  const to = index * 4;
  pixels[to] = ramp[from] as number;
  pixels[to + 1] = ramp[from + 1] as number;
  pixels[to + 2] = ramp[from + 2] as number;
  pixels[to + 3] = 255;
}
