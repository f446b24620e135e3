import type { MarkLook } from "../looks";
import type { Reach } from "./reaches";

/** A stretch of the text as the map of the whole text has it. */
export interface Mapped extends MarkLook {
  readonly reach: Reach;
}

const bandKinds = ["plain", "sink", "more", "less", "hurts", "helps"] as const;

/** What is strongest there: a weight, one of a sink that the row rests on, a change, or an effect. */
type BandKind = (typeof bandKinds)[number];

/** Rows of pixels from the top down that look the same. */
export interface Band {
  readonly y: number;
  readonly height: number;
  /** 0 to 1: the strongest of what stands there. */
  readonly tone: number;
  readonly kind: BandKind;
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
  const kinds = new Map(bandKinds.map((kind) => [kind, new Float32Array(rows)]));
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
  for (const { reach, tone, sink, way, found: is } of stretches) {
    if (is !== null) found.push({ ...mark(reach), current: is === "current" });
    if (!(tone > 0)) continue;
    const { y, stop } = place(reach);
    const row = kinds.get(way ?? (sink ? "sink" : "plain")) as Float32Array;
    for (let at = y; at < stop; at++) row[at] = Math.max(row[at] as number, tone);
  }
  const asks = stretches.find(({ focus }) => focus) ?? stretches.find(({ query }) => query);
  return { bands: bandsOf(kinds, rows), query: asks === undefined ? null : mark(asks.reach), found };
}

function bandsOf(kinds: ReadonlyMap<BandKind, Float32Array>, rows: number): Band[] {
  const bands: Band[] = [];
  let last: (Band & { height: number }) | null = null;
  for (let y = 0; y < rows; y++) {
    let [kind, tone]: [BandKind, number] = ["plain", 0];
    for (const [other, tones] of kinds)
      if ((tones[y] as number) > tone) [kind, tone] = [other, tones[y] as number];
    if (last !== null && last.tone === tone && last.kind === kind) {
      last.height++;
      continue;
    }
    last = { y, height: 1, tone, kind };
    if (tone > 0) bands.push(last);
  }
  return bands;
}
