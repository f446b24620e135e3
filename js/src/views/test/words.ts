import { type Description, mentioned } from "../../focus/description";
import { clauses, twoDecimals } from "../../lib/format";
import type { Evidence, EvidenceMethod, EvidencePlace } from "../../wire/experiments/evidence";
import type { Row } from "./rows";
import { cellText, isAbsolute, largestOf, measuredOf, placeName } from "./rows";
import type { Spot } from "./scene";

/** More rows are not read out. */
const most = 60;

/** What the table says, and the table itself. */
export function evidenceInWords(evidence: Evidence): Description {
  const { places, methods, answer, sentence } = evidence;
  const hidden = measuredOf(evidence);
  const shown = methods
    .filter(({ why }) => why === null)
    .map((method) => ({ ...method, whole: isAbsolute(method, hidden) ? 1 : largestOf(method, places) }));
  const where = answer.at === null ? "" : ` after token ${answer.at}`;
  const found = hidden === undefined ? "" : mostIn(evidence, hidden);
  return {
    sentence: `Why ${answer.words}${where}. ${found}${sentence ?? ""}`.trim(),
    columns: ["Word", ...shown.map(({ title }) => title)],
    rows: [
      ...comparedOf(places)
        .slice(0, most)
        .map(({ word, place }) => [
          `${placeName(word)} #${word.token}`,
          ...shown.map(({ values, ramp, whole }) => cellText(values[place] as number, ramp, whole) || "–"),
        ]),
      ["rank agreement", ...shown.map((method) => rankInWords(method) || "–")],
    ],
  };
}

/** What is compared, each with its place. */
function comparedOf(places: readonly EvidencePlace[]) {
  return places.flatMap((word, place) => (word.kind === "" ? [{ word, place }] : []));
}

/** "Hiding it costs most: France 0.36, …". */
function mostIn({ places }: Evidence, { values, unit }: EvidenceMethod): string {
  const known = comparedOf(places)
    .map(({ word, place }) => ({ word, value: values[place] as number }))
    .filter(({ value }) => Number.isFinite(value));
  if (known.length === 0) return "";
  const named = known
    .sort((one, other) => other.value - one.value)
    .slice(0, mentioned)
    .map(({ word, value }) => `${placeName(word)} ${twoDecimals(value)}`);
  return `Hidden, these words cost it most, in ${unit}: ${named.join(", ")}. `;
}

/** "0.13, from −0.20 to 0.42 in 95 of 100 draws of 19 words; 0.4 of the largest in common". */
export function rankInWords({ agreement, name }: EvidenceMethod): string {
  if (agreement === null) return name === "hide" ? "what the others are compared with" : "";
  const { rho, low, high, top, of } = agreement;
  return `${twoDecimals(rho)}, 95 % interval ${twoDecimals(low)} to ${twoDecimals(high)}, over ${of} words; of the largest ${Math.round(100 * top)} % are the same`;
}

/** What is under the pointer, in a line. */
export function spotInWords(
  evidence: Evidence,
  columns: readonly EvidenceMethod[],
  rows: readonly Row[],
  { row, column }: Spot,
): string {
  const method = column === null ? undefined : columns[column];
  if (row === null) return method === undefined ? "" : `${method.title}: ${method.why ?? method.does}`;
  if (row >= rows.length)
    return method === undefined
      ? ""
      : clauses(method.title, rankInWords(method) || (method.why ?? "not compared yet"));
  const each = rows[row];
  if (each === undefined || each.place === null) return each?.text ?? "";
  const place = evidence.places[each.place];
  if (place === undefined) return "";
  const name = `${placeName(place)} #${place.token}`;
  if (method === undefined) return place.kind === "" ? name : `${name}, ${place.kind}`;
  const value = method.values[each.place] as number;
  const number = Number.isNaN(value)
    ? (method.why ?? (method.done ? "not known" : "not measured yet"))
    : `${exactly(value)} ${method.unit}`;
  return `${name}: ${method.title} ${number}`;
}

/** Four decimals, three digits of what is small. */
export function exactly(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 0.01 || size === 0 ? size.toFixed(4) : size.toPrecision(3);
  return `${value < 0 ? "−" : ""}${digits}`;
}

/** How its columns came about, for a caption. */
export function recipesOf(columns: readonly EvidenceMethod[]): string {
  return clauses(
    "columns to their own largest, effects in their unit; tone: square root",
    "violet: hiding hurts the answer, grey-teal: it helps",
    ...columns
      .filter(({ why }) => why === null)
      .map(({ title, recipe, unit }) => `${title}: ${recipe} (${unit})`),
  );
}
