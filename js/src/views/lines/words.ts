import type { Derived } from "../../focus/derived";
import { ruleOf } from "../../focus/kept";
import { cellIn, type MapOnShow, sinksOf } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import { grouped, pieceLabel, signedWeight, weight } from "../../lib/format";
import type { Filter } from "../../session/filter";
import type { Direction, Tokens } from "../../wire/types";
import type { Strong } from "./picture";

/** How the numbers were made, without what is said of cells: lines have none. */
export function made({ recipe }: Pick<MapOnShow, "recipe">): string {
  return recipe.replace(/ · a cell is the maximum over \d+ x \d+ (tokens|words)/, "");
}

/** Which lines are drawn. */
export function rule(map: MapOnShow, keep: Filter, direction = map.direction): string {
  const sinks = sinksOf(map, direction).size > 0;
  if (keep.kind === "all") return `all lines of at least 0.001${sinks ? ", sinks dashed" : ""}`;
  return `lines: ${ruleOf(keep, direction, sinks)}${sinks ? " (dashed)" : ""}`;
}

type Left = NonNullable<Strong[Direction]>["kept"];

/** What is kept of what is looked at, and with it what is not drawn. */
export function left({ tokens, all, resting, share }: Left, direction: Direction): string {
  if (all === 0 && !(resting > 0))
    return direction === "reads" ? "attends to nothing" : "no token attends to it";
  const [one, many, whole] = direction === "reads" ? ["key", "keys", "row"] : ["query", "queries", "column"];
  const sinks = resting > 0 ? ["and the sinks", ` (${weight(resting)} on sinks)`] : ["", ""];
  const kept =
    `kept ${grouped(tokens.length)} of ${grouped(all)} ${all === 1 ? one : many} ${sinks[0]}`.trimEnd();
  return `${kept}, ${share.toFixed(2)} of the ${whole}${sinks[1]}`;
}

/** What is under the pointer, or else looked at, for those who do not see it. Reads signals. */
export function spoken(derived: Derived, pointed: Cell | null, map: MapOnShow): string {
  const name = (tokens: Tokens | null, token: number) => pieceLabel(tokens?.pieces[token] ?? "");
  const reads = derived.direction.value === "reads";
  const cell = cellIn(map, pointed);
  const number = (value: number) => (map.signed ? `${signedWeight(value)} after the changes` : weight(value));
  const weights = (reads ? derived.row.value : derived.column.value) ?? new Float32Array();
  if (cell !== null) {
    const amount = weights[reads ? cell.key : cell.query] ?? Number.NaN;
    return `${name(derived.tokens.value, cell.query)} reads ${name(derived.keys.value, cell.key)} ${number(amount)}`;
  }
  const ranked = (reads ? derived.reads.value : derived.readBy.value).slice(0, 3);
  const list = ranked
    .map((found) => `${name(derived.others.value, found.token)} ${number(found.weight)}`)
    .join(", ");
  return `${name(derived.asked.value, derived.focus.value[0])} ${reads ? "reads" : "is read by"} ${list || "nothing"}`;
}
