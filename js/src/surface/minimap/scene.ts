import type { MarkLook } from "../looks";
import type { Reach } from "./reaches";

/** A stretch of the text as the map of the whole text has it. */
export interface Mapped extends MarkLook {
  readonly reach: Reach;
}

/** Rows of pixels from the top down that look the same. */
export interface Band {
  readonly y: number;
  readonly height: number;
  /** 0 to 1: the strongest of what stands there. */
  readonly tone: number;
  /** Whether nothing there is stronger than a sink that the row rests on. */
  readonly sink: boolean;
}

export interface MinimapScene {
  readonly bands: readonly Band[];
  /** Where the query stands, or what is looked at instead; null where neither stands in this text. */
  readonly query: { readonly y: number; readonly height: number } | null;
  /** Where something stands that is searched. */
  readonly found: readonly { readonly y: number; readonly height: number; readonly current: boolean }[];
}

/** A mark that is to be seen. */
const least = 2;

/** The heat of a text that is so many pixels high, on a strip of so many rows: of a line, that of its strongest token. */
export function minimapScene(stretches: readonly Mapped[], height: number, rows: number): MinimapScene {
  const scale = height > 0 ? rows / height : 0;
  const tones = new Float32Array(rows);
  const sinks = new Float32Array(rows);
  const place = ({ upper, lower }: Reach) => {
    const y = Math.max(0, Math.min(rows - 1, Math.round(upper * scale)));
    return { y, stop: Math.max(y + 1, Math.min(rows, Math.round(lower * scale))) };
  };
  const mark = (reach: Reach) => {
    const { y, stop } = place(reach);
    const size = Math.max(least, stop - y);
    return { y: Math.max(0, Math.min(y, rows - size)), height: size };
  };
  const found: { y: number; height: number; current: boolean }[] = [];
  for (const { reach, tone, sink, found: is } of stretches) {
    if (is !== null) found.push({ ...mark(reach), current: is === "current" });
    if (!(tone > 0)) continue;
    const { y, stop } = place(reach);
    const row = sink ? sinks : tones;
    for (let at = y; at < stop; at++) row[at] = Math.max(row[at] as number, tone);
  }
  const asks = stretches.find(({ focus }) => focus) ?? stretches.find(({ query }) => query);
  return { bands: bandsOf(tones, sinks), query: asks === undefined ? null : mark(asks.reach), found };
}

function bandsOf(tones: Float32Array, sinks: Float32Array): Band[] {
  const bands: Band[] = [];
  let last: { y: number; height: number; tone: number; sink: boolean } | null = null;
  tones.forEach((own, y) => {
    const resting = sinks[y] as number;
    const sink = resting > own;
    const tone = sink ? resting : own;
    if (last !== null && last.tone === tone && last.sink === sink) {
      last.height++;
      return;
    }
    last = { y, height: 1, tone, sink };
    if (tone > 0) bands.push(last);
  });
  return bands;
}
