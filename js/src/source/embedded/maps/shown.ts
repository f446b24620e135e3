import type { SavedHeader } from "../saved";
import { headsRead, type Selection } from "../selection";
import { type Maps, NotSaved, type SavedMap } from "./maps";
import { massOf, sinksOf, unmaskedReaders } from "./sinks";
import { byWords, type Units, unitsShown } from "./units";
import type { SquareMap } from "./vectors";

/** The map on show: weighted, by words, without its sinks, as a selection says. attnwidget/frames/maps/shown_map.py. */
export interface ShownMap extends SavedMap {
  readonly units: Units;
  /** Those that are hidden, or would be hatched. */
  readonly sinks: readonly number[];
  /** The mean mass of a row that is hidden. */
  readonly hidden: number;
}

/** Null for a map that the file does not have whole. Raises NotSaved where norms of values are asked for and not there. */
export function shownMap(header: SavedHeader, maps: Maps, selection: Selection): ShownMap | null {
  const base = baseMap(header, maps, selection);
  if (base === null) return null;
  const units = unitsShown(header, selection.words);
  const whole = units.ranges === null ? base : byWords(base, units.ranges);
  const { all, received } = massOf(whole, units.tokens);
  const sinks = sinksOf(received, units.tokens, readersOf(header, selection, units));
  if (selection.sinks === "show") return { ...whole, stepped: base.stepped, units, sinks, hidden: 0 };
  const real = units.tokens.padding.filter((one) => !one).length;
  const hidden = sinks.reduce((sum, key) => sum + (all[key] ?? 0), 0) / Math.max(1, real);
  const left = without(whole, sinks);
  const values = selection.sinks === "renormalise" ? shares(left) : left.values;
  return { size: whole.size, values, stepped: base.stepped, units, sinks, hidden };
}

function baseMap(header: SavedHeader, maps: Maps, selection: Selection): SavedMap | null {
  const { source, fusion, weight } = selection;
  if (source === "rollout") return maps.rollout();
  const heads = headsRead(header.frame.heads, selection);
  if (weight === "attention") return maps.whole(heads, fusion);
  if (header.normless !== null) throw new NotSaved(header.normless);
  const found = maps.weighted(heads, fusion);
  return found && { ...found, values: shares(found) };
}

/** How many other queries can see each unit, windows and masks included. */
function readersOf(header: SavedHeader, { source, layer, chosen, words }: Selection, units: Units) {
  const known = words ? header.words.readers : header.readers;
  const layers = source === "layer" ? [layer] : chosen.map(([number]) => number);
  const masked = source === "rollout" ? [] : layers.map((number) => known[number] ?? null);
  const plain = unmaskedReaders(units.tokens, header.frame.causal);
  if (masked.every((readers) => readers === null)) return plain;
  // A key is seen by whoever sees it in one of the layers; windows lie one within the other.
  return plain.map((count, key) => Math.max(...masked.map((readers) => readers?.[key] ?? count)));
}

function without({ size, values }: SquareMap, keys: readonly number[]): SquareMap {
  const left = values.slice();
  for (const key of keys) for (let query = 0; query < size; query++) left[query * size + key] = 0;
  return { size, values: left };
}

/** Rows divided by their sums; a row of zeros stays one. */
export function shares({ size, values }: SquareMap): Float32Array {
  const found = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += size) {
    let sum = 0;
    for (let at = from; at < from + size; at++) sum += values[at] as number;
    if (sum > 0) for (let at = from; at < from + size; at++) found[at] = (values[at] as number) / sum;
  }
  return found;
}
