import type { Rect } from "../../drawing/scene";
import type { TimePlace } from "../../wire/types";
import type { Surface } from "../surface";

/** Where time runs: so many pixels from the left, over so many. */
export interface Axis {
  readonly left: number;
  readonly width: number;
  /** Of the sound, from 0 on. */
  readonly seconds: number;
}

export function xOf({ left, width, seconds }: Axis, time: number): number {
  return left + (width * time) / Math.max(seconds, 1e-6);
}

export function timeAt({ left, width, seconds }: Axis, x: number): number {
  return ((x - left) / Math.max(1, width)) * seconds;
}

/** The tokens that stand in a sound, along its time, in pixels of the page. */
export class TimeSurface implements Surface {
  readonly axis: Axis;
  readonly top: number;
  readonly height: number;
  /** The tokens that stand here, in the order of their beginnings. */
  readonly tokens: readonly number[];
  readonly #times: readonly (TimePlace | null)[];
  readonly #longest: number;

  constructor(times: readonly (TimePlace | null)[], axis: Axis, height: number, top = 0) {
    this.axis = axis;
    this.top = top;
    this.height = height;
    this.#times = times;
    const placed = [...times.keys()].filter((token) => times[token] != null);
    this.tokens = placed.sort((one, other) => (times[one]?.[0] ?? 0) - (times[other]?.[0] ?? 0));
    this.#longest = Math.max(0, ...placed.map((token) => lengthOf(times[token])));
  }

  time(token: number): TimePlace | null {
    return this.#times[token] ?? null;
  }

  /** What a token covers; of one that ends behind the sound, what is in it. */
  rects(token: number): readonly Rect[] {
    const time = this.#times[token];
    return time == null ? [] : [this.stretch(time)];
  }

  /** A stretch of time. */
  stretch([start, stop]: TimePlace): Rect {
    const { left, width } = this.axis;
    const [from, to] = [start, stop].map((time) =>
      Math.min(left + width, Math.max(left, xOf(this.axis, time))),
    ) as [number, number];
    return { x: from, y: this.top, width: to - from, height: this.height };
  }

  hit(x: number, y: number): number | null {
    const { left, width } = this.axis;
    if (y < this.top || y > this.top + this.height || x < left || x > left + width) return null;
    return this.at(timeAt(this.axis, x));
  }

  /** The token at a time; of several the one whose middle is nearest. */
  at(time: number): number | null {
    let best: number | null = null;
    let nearest = Number.POSITIVE_INFINITY;
    for (let place = this.#firstAt(time); place < this.tokens.length; place++) {
      const token = this.tokens[place] as number;
      const [start, stop] = this.#times[token] as TimePlace;
      if (start > time) break;
      const away = Math.abs((start + stop) / 2 - time);
      if (time > stop || away >= nearest) continue;
      [best, nearest] = [token, away];
    }
    return best;
  }

  /** Where tokens begin that may reach to a time: found by halves, as a pointer asks for every move. */
  #firstAt(time: number): number {
    let [low, high] = [0, this.tokens.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const [start] = this.#times[this.tokens[middle] as number] as TimePlace;
      if (start < time - this.#longest) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The token so many further on in time; the nearest end where there is none. Null where none stands here. */
  beside(token: number, steps: number): number | null {
    const place = this.tokens.indexOf(token);
    if (place === -1) return this.tokens[0] ?? null;
    return this.tokens[Math.max(0, Math.min(this.tokens.length - 1, place + steps))] ?? null;
  }

  /** What a span of tokens covers, in one piece; null where none of them stands here. */
  covered([start, stop]: readonly [number, number]): TimePlace | null {
    let found: TimePlace | null = null;
    for (let token = start; token < stop; token++) {
      const time = this.#times[token];
      if (time == null) continue;
      found = found === null ? time : [Math.min(found[0], time[0]), Math.max(found[1], time[1])];
    }
    return found;
  }

  /**
   * A value for every pixel of the screen along the axis: of the tokens that touch it the largest, so that nothing that is
   * read falls between two pixels. `ratio`: pixels of the screen for one of the page.
   */
  across(values: ArrayLike<number>, ratio: number): Float32Array {
    const { left, width, seconds } = this.axis;
    const count = Math.max(1, Math.round(width * ratio));
    const found = new Float32Array(count);
    const pixel = (time: number) => ((xOf(this.axis, Math.min(time, seconds)) - left) / width) * count;
    for (const token of this.tokens) {
      const value = values[token] ?? 0;
      if (!(value > 0)) continue;
      const [start, stop] = this.#times[token] as TimePlace;
      const [begin, end] = [Math.round(pixel(start)), Math.round(pixel(stop))];
      // A pixel belongs to what reaches its middle; what is narrower than one has the one that it is in.
      const narrow = end <= begin;
      const from = Math.min(count - 1, narrow ? Math.floor(pixel((start + stop) / 2)) : begin);
      const to = narrow ? from + 1 : Math.min(count, end);
      for (let at = from; at < to; at++) if (value > (found[at] as number)) found[at] = value;
    }
    return found;
  }
}

function lengthOf(time: TimePlace | null | undefined): number {
  return time == null ? 0 : time[1] - time[0];
}

const steps = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600] as const;

/** Pixels that a tick and its label need. */
const apart = 58;

/** Where the axis has a tick, in seconds, and how it is written. */
export function ticksOf({
  width,
  seconds,
}: Axis): readonly { readonly time: number; readonly label: string }[] {
  const step = steps.find((each) => (each / Math.max(seconds, 1e-6)) * width >= apart) ?? 1200;
  const digits = step < 0.1 ? 2 : 1;
  const count = Math.floor(seconds / step + 1e-6) + 1;
  return Array.from({ length: count }, (_, tick) => {
    const time = tick * step;
    return { time, label: `${time.toFixed(digits)} s` };
  });
}
