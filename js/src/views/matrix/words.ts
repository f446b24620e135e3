import type { Derived } from "../../focus/derived";
import { isExplicit, ruleOf } from "../../focus/kept";
import { type MapOnShow, sinksOf } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import { pieceLabel, signedWeight, weight } from "../../lib/format";
import type { Filter } from "../../session/filter";
import type { Tokens } from "../../wire/types";
import type { Picture, Reading } from "./use-picture";

/** The cell that the keys are on, for those who do not see it. Reads signals. */
export function spoken(derived: Derived, map: MapOnShow, cell: Cell | null, reading: Reading | null): string {
  const name = (tokens: Tokens | null, token: number) => pieceLabel(tokens?.pieces[token]);
  if (cell === null) return `Query ${name(derived.asked.value, map.query[0])}`;
  const pair = `${name(derived.tokens.value, cell.query)} reads ${name(derived.keys.value, cell.key)}`;
  if (reading === null) return `${pair}: not visible`;
  const number = map.signed ? `${signedWeight(reading.value)} after the changes` : weight(reading.value);
  return `${pair} ${reading.kind === "exact" ? "" : `${reading.kind} `}${number}`;
}

/** What is kept of the cells; the rest is faint. */
export function filterNote(map: MapOnShow, filter: Filter): string {
  if (!isExplicit(filter)) return "";
  if (map.pooling > 1) return "a text this long is shown whole: no filter";
  return `kept: ${ruleOf(filter, map.direction, sinksOf(map, map.direction).size > 0)}; the rest is faint`;
}

/** What the recipe of a pooled map does not know: that here, for what is in sight, it is not. */
export function pooledNote(map: MapOnShow, { tiles }: Picture): string {
  if (tiles === "exact") return "zoomed in: exact pairs";
  if (tiles === "loading") return "exact pairs are on their way";
  return map.exact && map.pooling > 1 ? "Ctrl + wheel zooms to exact pairs" : "";
}
