import {
  effectTone,
  fullEffect,
  hexOf,
  inkOn,
  type Palette,
  type Ramp,
  rampColour,
  tone,
} from "../lib/colour";
import { shortEffect, shortWeight } from "../lib/format";
import type { Effects } from "../wire/effects";
import type { Metric } from "../wire/metric";
import { tintOf } from "./kinds";

/** What a cell of the grid says instead of showing a map. */
export interface Shade {
  readonly fill: string;
  readonly ink: string;
  /** Fits a cell of 26 pixels. */
  readonly text: string;
  /** In full. */
  readonly said: string;
}

export interface Shades {
  /** By layer and head; null where there is nothing to say. */
  readonly cells: readonly (Shade | null)[];
  readonly heads: number;
}

const codes: Readonly<Record<string, string>> = {
  "previous token": "prev",
  "next token": "next",
  diagonal: "self",
  induction: "ind",
  "duplicate token": "dup",
  "off-diagonal": "off",
  "first token": "first",
  separator: "sep",
  vertical: "vert",
  "vertical + diagonal": "v+d",
  "block diagonal": "block",
  peaked: "peak",
  uniform: "even",
  "no single pattern": "–",
};

/** Numbers on one ramp from the least to the largest, or names in their tints. */
export function shadesOf(metric: Metric, table: Ramp, palette: Palette): Shades {
  const cells = Array.from(metric.values, (value, index) => {
    const label = metric.labels?.[Math.floor(index / metric.heads)]?.[index % metric.heads];
    if (label !== undefined) return label === "" ? null : nameShade(label, value, palette);
    return Number.isNaN(value) ? null : numberShade(value, metric, table);
  });
  return { cells, heads: metric.heads };
}

/** What silencing each head does, on a ramp with two sides; the largest has the full tone. */
export function effectShades(effects: Effects, palette: Palette): Shades {
  const full = fullEffect(effects.values);
  const cells = Array.from(effects.values, (value) => {
    if (Number.isNaN(value)) return null;
    const colour = rampColour(palette.effect, effectTone(value, full));
    return {
      fill: hexOf(colour),
      ink: inkOn(colour),
      text: shortEffect(value),
      said: effectSaid(value, effects),
    };
  });
  return { cells, heads: effects.heads };
}

/** "silenced, the answer loses 0.34 nats". */
export function effectSaid(value: number, { unit, exact }: Pick<Effects, "unit" | "exact">): string {
  const size = Math.abs(value);
  const about = exact ? "" : "about ";
  if (size < 0.005) return `silenced, the answer loses ${about}nothing`;
  return `silenced, the answer ${value > 0 ? "loses" : "gains"} ${about}${size.toFixed(2)} ${unit}`;
}

export function shadeAt(shades: Shades | null | undefined, layer: number, head: number): Shade | null {
  return (head < (shades?.heads ?? 0) && shades?.cells[layer * shades.heads + head]) || null;
}

function nameShade(label: string, score: number, palette: Palette): Shade {
  const offset = label.startsWith("offset ") ? label.slice(7).replace("-", "−") : null;
  const colour = tintOf(label, palette);
  return {
    fill: hexOf(colour),
    ink: inkOn(colour),
    text: offset ?? codes[label] ?? label,
    said: spokenName(label, score),
  };
}

/** Scores of patterns say something by themselves: 0 is chance, 1 a perfect head; so do changes of weights. Other numbers fill the ramp. */
export function scaleOf({ low, high, unit }: Metric): { readonly low: number; readonly high: number } {
  return unit === "score" || unit === "change" ? { low: 0, high: 1 } : { low, high };
}

function numberShade(value: number, metric: Metric, table: Ramp): Shade {
  const { unit } = metric;
  const { low, high } = scaleOf(metric);
  const share = high > low ? (value - low) / (high - low) : 0.5;
  // A change of a weight has the tone of a weight.
  const place = unit === "change" ? tone(value, 1) : share;
  const colour = rampColour(table, place);
  return {
    fill: hexOf(colour),
    ink: inkOn(colour),
    text: shortNumber(value, unit),
    said: fullNumber(value, unit),
  };
}

/** A number in a small cell: shares as ".26", others with as many digits as there is room for. */
export function shortNumber(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  if (unit === "change") return value < 0.005 ? "" : shortWeight(value);
  if (unit === "nats") return value.toFixed(1);
  if (unit === "tokens" || unit === "of median") return value < 10 ? value.toFixed(1) : value.toFixed(0);
  return value < 0.005 ? "0" : shortWeight(value);
}

/** A number with its unit. */
export function fullNumber(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  const digits = unit === "tokens" ? 1 : unit === "nats" || unit === "of median" ? 2 : 3;
  const plain =
    unit === "score" || unit === "change" || unit === "share" || unit === "weight" || unit === "likeness";
  return plain ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}

/** A pattern's name and score, as people say it. */
export function spokenName(label: string, score: number): string {
  const name = label.replace("offset -", "offset −");
  return Number.isFinite(score) ? `${name}, score ${score.toFixed(2)}` : name;
}
