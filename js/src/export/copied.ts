import { csv, quoted } from "../lib/csv";
import { exactDigits } from "../lib/digits";
import { pieceLabel } from "../lib/format";
import type { Direction } from "../wire/types";

/** The row of a query, or the column of a key, with what it is. */
export interface CopiedRow {
  readonly title: string;
  readonly recipe: string;
  readonly direction: Direction;
  readonly pieces: readonly string[];
  readonly weights: ArrayLike<number>;
  /** What the numbers are where they are not the model's own weights: "weight, with hide 4". */
  readonly number?: string;
}

/** For people: one token a line, in the order of the text. */
export function rowText({ title, recipe, pieces, weights }: CopiedRow): string {
  const labels = pieces.map(pieceLabel);
  const widest = Math.min(24, Math.max(0, ...labels.map((label) => Array.from(label).length)));
  const places = String(pieces.length - 1).length;
  const lines = labels.map((label, token) => {
    const gap = " ".repeat(Math.max(0, widest - Array.from(label).length));
    const amount = weights[token] as number;
    return `${String(token).padStart(places)}  ${label}${gap}  ${Number.isFinite(amount) ? amount.toFixed(6) : "–"}`;
  });
  return `${[title, "", ...lines, "", recipe].join("\n")}\n`;
}

/** For programs: the first line names the axis, all digits are there. */
export function rowCsv({ direction, pieces, weights, number }: CopiedRow): string {
  const axis = direction === "reads" ? "key" : "query";
  // The number comes first: no line begins with a token, which a table's program might take for a formula.
  const lines = pieces.map((piece, token) => [token, quoted(piece), exactDigits(weights[token] as number)]);
  return csv([[axis, "token", number === undefined ? "weight" : quoted(number)], ...lines]);
}

export interface CopiedMatrix {
  readonly queries: readonly string[];
  readonly keys: readonly string[];
  /** By query and key. */
  readonly weights: ArrayLike<number>;
  readonly number?: string;
}

/** Queries downwards, keys to the right; two lines and two columns name them, by number and by token. Where the numbers are not the model's own the corner says so. */
export function matrixCsv({ queries, keys, weights, number }: CopiedMatrix): string {
  const lines = queries.map((piece, query) => {
    const row = Array.from(keys, (_, key) => exactDigits(weights[query * keys.length + key] as number));
    return [query, quoted(piece), ...row];
  });
  return csv([
    ["query", "token", ...keys.keys()],
    [number === undefined ? "" : quoted(number), "key", ...keys.map(quoted)],
    ...lines,
  ]);
}
