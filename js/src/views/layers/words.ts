import { isExplicit, ruleOf } from "../../focus/kept";
import { pieceLabel, weight } from "../../lib/format";
import type { Filter } from "../../session/filter";
import type { Tokens } from "../../wire/types";
import { cellIn } from "./picture";
import { isVisible, type StripOnShow } from "./strips";

/** What is under the pointer, for those who do not see it. */
export function spoken(
  strip: StripOnShow,
  asked: Tokens,
  tokens: Tokens,
  found: { layer: number; token: number } | null,
): string {
  const query = asked.pieces
    .slice(...strip.query)
    .map(pieceLabel)
    .join(" ");
  const cell = cellIn(strip, found);
  if (cell === null) return `Query ${query}, ${strip.layers} layers`;
  const name = pieceLabel(tokens.pieces[cell.token] ?? "");
  if (cell.layer < 0) return `Token ${name}, Enter looks from it`;
  const verb = strip.direction === "reads" ? "reads" : "is read by";
  return `Layer ${cell.layer}: ${query} ${verb} ${name} ${numberOf(strip, cell.layer, cell.token)}`;
}

/** A number of the strip, or why there is none. */
export function numberOf(strip: StripOnShow, layer: number, token: number): string {
  const value = strip.values[layer * strip.count + token] ?? Number.NaN;
  if (Number.isNaN(value)) return strip.fusion === "single" ? `no head ${strip.head}` : "no attention";
  if (!isVisible(strip, token)) return "not visible";
  return `${strip.exact ? "" : "≈ "}${weight(value)}`;
}

/** How the numbers were made. */
export function recipeOf(strip: StripOnShow, filter: Filter): string {
  const silent = strip.values.some(Number.isNaN);
  const hatched = strip.sinks.some((found) => found.size > 0);
  const without = strip.fusion === "single" ? `head ${strip.head}` : "attention";
  return [
    strip.recipe,
    ...(isExplicit(filter)
      ? [`kept: ${ruleOf(filter, strip.direction, hatched)}, layer by layer; the rest is faint`]
      : []),
    ...(hatched ? ["sinks are hatched and outside the scale"] : []),
    ...(silent ? [`a line: a layer without ${without}`] : []),
  ].join(" · ");
}
