import { type Description, mentioned, nameOf, spanInWords, verbs } from "../../focus/description";
import { isExplicit, ruleOf } from "../../focus/kept";
import { isVisible, type StripOnShow, stripAt, stripWish } from "../../focus/strips";
import type { ToneScale } from "../../lib/colour";
import { changesFirst, clauses, count, pieceLabel, signedWeight, weight } from "../../lib/format";
import { askedOf, othersOf } from "../../session/axes";
import type { Filter } from "../../session/filter";
import type { Session } from "../../session/session";
import type { Tokens } from "../../wire/types";
import { cellIn } from "./picture";

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
  const name = pieceLabel(tokens.pieces[cell.token]);
  if (cell.layer < 0) return `Token ${name}; Enter makes it the query`;
  const verb = strip.direction === "reads" ? "reads" : "is read by";
  return `Layer ${cell.layer}: ${query} ${verb} ${name} ${numberOf(strip, cell.layer, cell.token)}`;
}

/** A number of the strip, or why there is none. */
export function numberOf(strip: StripOnShow, layer: number, token: number): string {
  const value = strip.values[layer * strip.count + token] ?? Number.NaN;
  if (Number.isNaN(value)) return strip.fusion === "single" ? `no head ${strip.head}` : "no attention";
  if (!isVisible(strip, token)) return "not visible";
  return `${strip.exact ? "" : "≈ "}${(strip.signed ? signedWeight : weight)(value)}`;
}

/** How the numbers were made. */
export function recipeOf(strip: StripOnShow, filter: Filter, scale: ToneScale): string {
  const silent = strip.values.some(Number.isNaN);
  const hatched = strip.sinks.some((found) => found.size > 0);
  const without = strip.fusion === "single" ? `head ${strip.head}` : "attention";
  return clauses(
    isExplicit(filter)
      ? `kept: ${ruleOf(filter, strip.direction, hatched)}, layer by layer; the rest is faint`
      : "",
    scale === "stretch" ? "stretched to the largest of all layers: not the text’s tones" : "",
    hatched ? "sinks are hatched" : "",
    silent ? `a line marks a layer without ${without}` : "",
    changesFirst(strip.recipe),
  );
}

/** The pinned query through all layers. Reads signals. */
export function layersInWords(session: Session): Description | null {
  const header = session.shown.value?.frame.header;
  if (header === undefined) return null;
  const { query, direction } = header;
  const strip = stripAt(session, stripWish(session, query, direction, session.clampedHead().head));
  return strip === null ? null : ofStrip(strip, othersOf(header, direction), askedOf(header, direction));
}

const fusions = { mean: "mean of heads", max: "strongest head", single: "head" } as const;

/** The strongest token of every layer. */
export function ofStrip(strip: StripOnShow, tokens: Tokens, asked: Tokens = tokens): Description {
  const query = spanInWords(asked, strip.query);
  const rows = Array.from({ length: strip.layers }, (_, layer) => {
    const values = strip.values.subarray(layer * strip.count, (layer + 1) * strip.count);
    let best = -1;
    values.forEach((value, token) => {
      if (isVisible(strip, token) && Math.abs(value) > Math.abs(values[best] ?? 0)) best = token;
    });
    return best < 0
      ? [String(layer), "none", "–"]
      : [String(layer), nameOf(tokens, best), (strip.signed ? signedWeight : weight)(values[best] as number)];
  });
  const heads = strip.fusion === "single" ? `head ${strip.head}` : fusions[strip.fusion];
  const list = rows.slice(0, mentioned).map(([layer, name, amount]) => `layer ${layer} ${name} ${amount}`);
  const rest = rows.length > mentioned ? " …" : "";
  return {
    sentence: `${count(strip.layers, "layer")}, ${heads}; “${query}” ${verbs[strip.direction]} most: ${list.join(", ")}${rest}`,
    columns: [
      "Layer",
      strip.direction === "reads" ? "Strongest key" : "Strongest query",
      strip.signed ? "Change" : "Weight",
    ],
    rows,
  };
}
