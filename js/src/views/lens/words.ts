import { type Description, longest } from "../../focus/description";
import {
  changesFirst,
  clauses,
  exact,
  grouped,
  pieceParts,
  shorten,
  shortLabel,
  signedWeight,
  weight,
} from "../../lib/format";
import type { Session } from "../../session/session";
import type { Direct } from "../../wire/lens";
import { columnAt, type LensColumn, type LensTable, lensPlace } from "./lens";
import { cellOf, fullsOf, settledFrom } from "./picture";
import type { LensHit } from "./scene";

/** A token of the vocabulary: its leading space matters. */
export function saidPiece(piece: string): string {
  const { space, rest } = pieceParts(piece);
  return shorten(`${space}${rest}`, longest);
}

/** Where the model's head reads: after a token, or at it. */
export function placeWord(column: LensColumn): string {
  const where = column.lens.predicts === "this token" ? "at" : "after";
  return `${where} “${shortLabel(column.lens.pieces[column.at], longest)}”`;
}

/** What becomes of the answer after one token. */
export function courseOf(column: LensColumn): string {
  const last = column.lens.layers - 1;
  const { answer, rank } = cellOf(column, last);
  const from = settledFrom(column);
  const name = saidPiece(answer.piece);
  const said = column.lens.asked
    ? `“${name}” ${placeWord(column)}: ${weight(answer.probability)}`
    : `${placeWord(column)} the model says “${name}” ${weight(answer.probability)}`;
  if (from === null) return `${said}, rank ${grouped(rank)} in the last layer`;
  if (from === 0) return `${said}, the likeliest in every layer`;
  const before = cellOf(column, from - 1);
  return `${said}, the likeliest from layer ${from} on; in layer ${from - 1} its rank is ${grouped(before.rank)}`;
}

/** What is looked at, for those who do not see it. */
export function spokenLens(table: LensTable, hit: LensHit | null, query: LensColumn | null): string {
  if (hit === null) return query === null ? "" : courseOf(query);
  if (hit.kind === "part" || hit.kind === "head")
    return table.direct === null ? "" : directInWords(table.direct, hit);
  const column = table.columns[hit.position - table.start];
  if (column == null) return `Token ${hit.position}, on its way`;
  if (hit.kind === "token") return `${placeWord(column)}; Enter makes it the query`;
  const { top, answer, rank } = cellOf(column, hit.layer);
  const list = top.map(({ piece, probability }) => `${saidPiece(piece)} ${weight(probability)}`).join(", ");
  return `Layer ${hit.layer} ${placeWord(column)}: ${list}; ${saidPiece(answer.piece)} ${weight(answer.probability)}, rank ${rank}`;
}

/** What parts add to. */
function answersOf({ answers }: Direct): string {
  return answers.map((answer) => `“${saidPiece(answer)}”`).join(" rather than ");
}

/** What one part adds to the answer. */
export function directInWords(
  direct: Direct,
  hit: Extract<LensHit, { kind: "part" } | { kind: "head" }>,
): string {
  const who =
    hit.kind === "head"
      ? `L${hit.layer}H${hit.head}`
      : `${hit.part === 0 ? "attention" : "MLP"} of layer ${hit.layer}`;
  return `${who} ${added(direct, hit)} to the logit of ${answersOf(direct)}`;
}

function added(direct: Direct, hit: Extract<LensHit, { kind: "part" } | { kind: "head" }>): string {
  const value =
    hit.kind === "head"
      ? direct.byHead[hit.layer * direct.heads + hit.head]
      : direct.parts[hit.layer * 2 + hit.part];
  return signedWeight(value ?? Number.NaN);
}

/** How the numbers were made, and what tones and letters mean. */
export function recipeOf(table: LensTable): string {
  const { recipe = "", asked = false } = table.columns.find((column) => column !== null)?.lens ?? {};
  const { direct } = table;
  const fulls = fullsOf(direct);
  return clauses(
    `tone: √probability · bold: ${asked ? "what is asked about" : "what the model says in the end"}`,
    direct === null
      ? ""
      : `attn, MLP, heads: what each adds to the logit of ${answersOf(direct)} after #${direct.position} (${exact(direct.logit)}), green adds, violet takes away, full tone at ±${exact(fulls.parts)} and ±${exact(fulls.heads)}; beside the heads ${direct.rest.map(({ name, value }) => `${name} ${signedWeight(value, exact)}`).join(", ")}`,
    changesFirst(recipe),
    "early layers need not speak the head’s language",
  );
}

/** What each layer would say after the query. Reads signals. */
export function lensInWords(session: Session): Description | null {
  const place = lensPlace(session);
  const column = place === null ? null : columnAt(session, place.query, place.total);
  return column === null ? null : ofColumn(column);
}

export function ofColumn(column: LensColumn): Description {
  const rows = Array.from({ length: column.lens.layers }, (_, layer) => {
    const { top, answer, rank } = cellOf(column, layer);
    const best = top[0];
    return [
      String(layer),
      best === undefined ? "" : `${saidPiece(best.piece)} ${weight(best.probability)}`,
      weight(answer.probability),
      String(rank),
    ];
  });
  const { answer } = cellOf(column, column.lens.layers - 1);
  const course = courseOf(column);
  return {
    sentence: `Lens: ${course}`,
    columns: ["Layer", "Says", `Probability of ${saidPiece(answer.piece)}`, "Its rank"],
    rows,
  };
}
