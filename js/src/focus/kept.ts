import { shortLabel } from "../lib/format";
import type { Filter } from "../session/filter";
import type { Direction, Tokens } from "../wire/types";
import { type MapOnShow, sinksOf, weightAt } from "./maps";

const faintest = 0.001;
const faintestSink = 0.01;

/** What a filter keeps of one row, or column. Sinks are told apart: they would be most of every row. */
export interface Kept {
  /** Strongest first. */
  readonly tokens: readonly number[];
  readonly sinks: readonly number[];
  /** How many there are to keep, sinks left out. */
  readonly all: number;
  readonly dropped: number;
  readonly resting: number;
  /** The share of the row that is kept, sinks included; 1 of an empty row. */
  readonly share: number;
}

export function keepOf(weights: Float32Array, sinks: ReadonlySet<number>, filter: Filter): Kept {
  const open: number[] = [];
  let total = 0;
  let resting = 0;
  // Of a change, which has a sign, the size counts.
  const sizeOf = (token: number) => Math.abs(weights[token] as number);
  weights.forEach((_, token) => {
    const size = sizeOf(token);
    if (!(size > 0)) return;
    if (sinks.has(token)) {
      resting += size;
      return;
    }
    open.push(token);
    total += size;
  });
  open.sort((one, other) => sizeOf(other) - sizeOf(one));
  const tokens = open.slice(0, lengthOf(weights, open, total, filter));
  const held = tokens.reduce((sum, token) => sum + sizeOf(token), 0);
  const drawn = [...sinks].filter((token) => Math.abs(weights[token] ?? 0) >= faintestSink);
  const whole = total + resting;
  const share = whole > 0 ? (held + resting) / whole : 1;
  return { tokens, sinks: drawn, all: open.length, dropped: Math.max(0, total - held), resting, share };
}

function lengthOf(weights: Float32Array, order: readonly number[], total: number, filter: Filter): number {
  if (filter.kind === "top") return Math.min(filter.amount, order.length);
  if (filter.kind === "mass") {
    let held = 0;
    const enough = order.findIndex((token) => {
      held += Math.abs(weights[token] as number);
      // A hair less, as sums of rounded numbers may never get there.
      return held >= filter.amount * total - 1e-6;
    });
    return enough === -1 ? order.length : enough + 1;
  }
  const least = filter.kind === "least" ? filter.amount : faintest;
  const below = order.findIndex((token) => Math.abs(weights[token] as number) < least);
  return below === -1 ? order.length : below;
}

/** Whether a filter drops anything outside the view of lines, which never draws all. */
export function isExplicit(filter: Filter): boolean {
  return filter.kind !== "auto" && filter.kind !== "all";
}

/** How much of its tone is left to what is dropped: one faint residue. */
export const residue = 0.16;

/** 1 for what is kept of one row, sinks included, and the residue for the rest; null where all is kept. */
export function fading(
  weights: Float32Array,
  sinks: ReadonlySet<number>,
  filter: Filter,
): Float32Array | null {
  if (!isExplicit(filter)) return null;
  const faded = new Float32Array(weights.length).fill(residue);
  for (const token of keepOf(weights, sinks, filter).tokens) faded[token] = 1;
  for (const token of sinks) faded[token] = 1;
  return faded;
}

/** The same for every row of a map, or for every column where the query is read; null where cells hold several tokens. */
export function fadingOf(map: MapOnShow, filter: Filter): Float32Array | null {
  if (!isExplicit(filter) || map.pooling !== 1) return null;
  const faded = new Float32Array(map.values.length);
  const reads = map.direction === "reads";
  for (let token = 0; token < (reads ? map.queries : map.keys); token++) {
    const line = fading(vectorOf(map, token), sinksOf(map, map.direction), filter) as Float32Array;
    for (let other = 0; other < line.length; other++)
      faded[reads ? token * map.columns + other : other * map.columns + token] = line[other] as number;
  }
  return faded;
}

/** A row of a map, or a column where the query is read. */
export function vectorOf(map: MapOnShow, token: number): Float32Array {
  if (map.direction === "reads") return map.values.subarray(token * map.columns, (token + 1) * map.columns);
  return Float32Array.from({ length: map.rows }, (_, query) => weightAt(map, query, token));
}

/** What a filter does, in words. */
export function ruleOf(filter: Filter, direction: Direction, sinks: boolean): string {
  const whole = direction === "reads" ? "each row" : "each column";
  const outside = sinks ? " outside sinks" : "";
  switch (filter.kind) {
    case "auto":
    case "all":
      return "all";
    case "mass":
      return `the fewest that hold ${percent(filter.amount)} of ${whole}${outside}`;
    case "top":
      return `the ${filter.amount === 1 ? "" : `${filter.amount} `}strongest of ${whole}${outside}`;
    case "least":
      return `those of at least ${filter.amount}${outside}`;
  }
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}

/** The keys whose columns are hatched: sinks that anything rests on, and so not those that are hidden. */
export function hatchedKeys(map: Columns): ReadonlySet<number> {
  const rests = (key: number) => {
    const column = Math.floor(key / map.keysEach);
    for (let index = column; index < map.values.length; index += map.columns)
      if (Math.abs(map.values[index] as number) >= faintest) return true;
    return false;
  };
  return new Set([...map.sinks].filter(rests));
}

/** The same in words, and whether their tones can no longer say how much they get. */
export function sinkNote(map: Columns, full: number, keys: Pick<Tokens, "pieces"> | null): string {
  const hatched = hatchedKeys(map);
  if (hatched.size === 0) return "";
  const names = [...hatched].slice(0, 3).map((key) => `“${shortLabel(keys?.pieces[key], 12)}”`);
  const beyond = map.values.some((value) => value > full) ? ", past the scale" : "";
  const more = hatched.size > names.length ? " …" : "";
  return `hatched${beyond}: the ${hatched.size === 1 ? "sink" : "sinks"} ${names.join(" ")}${more}`;
}

type Columns = Pick<MapOnShow, "sinks" | "values" | "columns" | "keysEach">;
