import type { Kept } from "../../focus/kept";
import type { MapOnShow } from "../../focus/maps";
import { hexOf, type Palette, rampColour, tone } from "../../lib/colour";
import { headColour } from "../../lib/head-colours";
import type { Side } from "../../session/places";
import type { Direction } from "../../wire/types";
import type { HeadOnShow } from "./head-lines";
import type { Lines } from "./lines";
import {
  type Curve,
  faintCurves,
  type LinesFrame,
  lineMiddle,
  type Offsets,
  stripMiddle,
  thickness,
  whereIn,
} from "./scene";

/** More thin lines at once than this cannot be told apart, and cost more than a picture may. */
const budget = 800;

/** The lines of what is looked at, each way that is shown. */
export type Strong = Readonly<
  Record<
    Direction,
    {
      readonly kept: Kept;
      readonly weights: Float32Array;
      readonly full: number;
      /** Whether they are changes. */
      readonly signed?: boolean;
    } | null
  >
>;

/** The lines of each of several heads; none while a single one is looked at. */
export type HeadLines = readonly (HeadOnShow & { readonly strong: Strong | null })[];

/** The weight of the thickest line; null while there is none. */
export function fullOf(strong: Strong, heads: HeadLines, leads: Direction): number | null {
  const first = heads.find((each) => each.strong !== null);
  return (first?.strong ?? strong)[leads]?.full ?? null;
}

/** Where drawn lines end, with those of each of several heads. */
export function endsOf(strong: Strong, heads: HeadLines, leads: Direction): Pick<Kept, "tokens" | "sinks"> {
  const kept = [strong, ...heads.map((each) => each.strong)].flatMap((each) => each?.[leads]?.kept ?? []);
  const all = (ends: "tokens" | "sinks") => [...new Set(kept.flatMap((each) => each[ends]))];
  const sinks = all("sinks");
  return { tokens: all("tokens").filter((token) => !sinks.includes(token)), sinks };
}

/** Makes the frame of the lines, for how far each side is scrolled. */
export type LayLines = (offsets: Offsets) => LinesFrame;

/** Of several heads each in its own colour, once their maps have come; until then of what they are together. */
export function curvesOf(
  strong: Strong,
  heads: HeadLines,
  frame: LinesFrame,
  focus: readonly [number, number],
  palette: Palette,
): Curve[] {
  const known = heads.filter((each) => each.strong !== null);
  if (known.length === 0) return strongCurves(strong, frame, focus, palette);
  const curves = known.flatMap((each) =>
    strongCurves(each.strong as Strong, frame, focus, palette).map((curve) => ({
      ...curve,
      colour: headColour(palette.dark, each.index),
    })),
  );
  return sideBySide(curves, frame.pitch);
}

/** Curves that go the same way run beside each other, the first above, within `room` pixels: none hides another. */
function sideBySide(curves: readonly Curve[], room: number): Curve[] {
  const ways = new Map<string, Curve[]>();
  for (const curve of curves) {
    const way = `${curve.from} ${curve.to}`;
    ways.set(way, [...(ways.get(way) ?? []), curve]);
  }
  return [...ways.values()].flatMap((along) => {
    const whole = along.reduce((sum, curve) => sum + thickness(curve), 0);
    const share = Math.min(1, room / whole);
    let top = -whole / 2;
    return along.map((curve) => {
      const aside = (top + thickness(curve) / 2) * share;
      top += thickness(curve);
      return { ...curve, aside };
    });
  });
}

/** Green for what is read more than before, violet for what is read less. */
function changeColour({ signed }: Palette, change: number): string {
  return hexOf(rampColour(signed, change < 0 ? 0.15 : 0.85));
}

function strongCurves(
  strong: Strong,
  frame: LinesFrame,
  focus: readonly [number, number],
  palette: Palette,
): Curve[] {
  const found: Curve[] = [];
  for (const direction of ["reads", "read_by"] as const) {
    const one = strong[direction];
    if (one === null) continue;
    const [own, other]: readonly Side[] = direction === "reads" ? ["query", "key"] : ["key", "query"];
    if (own === undefined || other === undefined) continue;
    const middle = lineMiddle(frame, own, focus);
    const add = (end: number, weight: number, kind: Curve["kind"]) => {
      const [from, to] = direction === "reads" ? [middle, end] : [end, middle];
      const colour = one.signed ? { colour: changeColour(palette, weight) } : {};
      found.push({ from, to, tone: tone(Math.abs(weight), one.full), kind, direction, ...colour });
    };
    const beyond = { above: 0, below: 0 };
    const put = (token: number, kind: Curve["kind"]) => {
      const weight = one.weights[token] ?? 0;
      const where = whereIn(frame.columns[other], token);
      if (where !== "seen") beyond[where] += weight;
      else add(lineMiddle(frame, other, [token, token + 1]), weight, kind);
    };
    for (const token of one.kept.tokens) put(token, "key");
    for (const token of one.kept.sinks) put(token, "sink");
    for (const edge of ["above", "below"] as const)
      if (Math.abs(beyond[edge]) > 0) add(stripMiddle(frame, edge), beyond[edge], "bundle");
  }
  return found;
}

/** The strongest lines of all that is not looked at. */
export function faintOf(map: MapOnShow | null, frame: LinesFrame | null, lines: Lines | null, full: number) {
  if (map === null || frame === null || lines === null) return { curves: [], passing: 0 };
  return faintCurves(frame, lines, (amount) => tone(amount, full), map.direction, budget);
}
