import { wayIn } from "../../focus/derived";
import type { Way } from "../../lib/colour";
import type { TimePlace } from "../../wire/types";
import type { Looks } from "../looks";
import type { Inks } from "../paint";
import type { Band, Resting } from "./paint";
import type { TimeSurface } from "./times";

/** The heat of a row along time: weights in one colour; what changed, or what it does, in two. */
export function bandsOf(
  { heat }: Looks,
  surface: TimeSurface,
  inks: Inks,
  mark: string,
  ratio: number,
): readonly Band[] {
  if (heat === null) return [];
  const ways = new Map<Way | null, Float32Array>();
  for (const token of surface.tokens) {
    const tone = heat.tones[token] ?? 0;
    if (!(tone > 0) || (heat.less === null && heat.sinks.has(token))) continue;
    const way = wayIn(heat, token);
    const tones = ways.get(way) ?? new Float32Array(heat.tones.length);
    tones[token] = tone;
    ways.set(way, tones);
  }
  return [...ways].map(([way, tones]) => ({
    colour: way === null ? mark : inks[way],
    tones: surface.across(tones, ratio),
  }));
}

/** The sinks that the row rests on, those beside each other as one. */
export function restingOf({ heat }: Looks, surface: TimeSurface): readonly Resting[] {
  if (heat === null || heat.less !== null) return [];
  const read = surface.tokens.filter((token) => heat.sinks.has(token) && (heat.tones[token] ?? 0) > 0);
  return stretchesOf(read, surface).map(({ time, tokens }) => ({
    rect: surface.stretch(time),
    tone: Math.max(...tokens.map((token) => heat.tones[token] ?? 0)),
  }));
}

/** Tokens in the order of time, those that touch each other in one piece. */
export function stretchesOf(
  tokens: readonly number[],
  surface: TimeSurface,
): readonly { readonly time: TimePlace; readonly tokens: readonly number[] }[] {
  const found: { time: TimePlace; tokens: number[] }[] = [];
  for (const token of tokens) {
    const time = surface.time(token);
    if (time === null) continue;
    const last = found.at(-1);
    if (last !== undefined && time[0] <= last.time[1] + 1e-4) {
      last.time = [last.time[0], Math.max(last.time[1], time[1])];
      last.tokens.push(token);
    } else found.push({ time, tokens: [token] });
  }
  return found;
}
