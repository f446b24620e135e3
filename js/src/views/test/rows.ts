import { pieceLabel } from "../../lib/format";
import type { Evidence, EvidenceMethod, EvidencePlace } from "../../wire/experiments/evidence";

/** A line of the table: a word, or what can be unfolded. */
export type Row =
  | { readonly place: number; readonly compared: boolean }
  | { readonly place: null; readonly text: string };

/** The words that are compared, in the order of the text; below them, apart, those that are not. */
export function rowsOf(
  { places, left_out }: Pick<Evidence, "places" | "left_out">,
  unfolded: boolean,
): Row[] {
  const all = places.map(({ kind }, place) => ({ place, compared: kind === "" }));
  const apart = all.filter(({ compared }) => !compared);
  const fold = { place: null, text: `${unfolded ? "▾" : "▸"} not compared: ${left_out}` };
  return [
    ...all.filter(({ compared }) => compared),
    ...(apart.length > 0 ? [fold, ...(unfolded ? apart : [])] : []),
  ];
}

/** The columns: those of what is known to say nothing only where they are wished for. */
export function columnsOf({ methods }: Pick<Evidence, "methods">, nulls: boolean): EvidenceMethod[] {
  return methods.filter(({ ramp }) => nulls || ramp !== "null");
}

/** The one that all others are compared with: what hiding each word does. */
export function measuredOf({ methods }: Pick<Evidence, "methods">): EvidenceMethod | undefined {
  return methods.find(({ name }) => name === "hide");
}

/** How much the largest of the words that are compared comes to, either way. */
export function largestOf(
  { values }: Pick<EvidenceMethod, "values">,
  places: readonly EvidencePlace[],
): number {
  let largest = 0;
  places.forEach(({ kind }, place) => {
    const size = Math.abs(values[place] as number);
    if (kind === "" && size > largest) largest = size;
  });
  return largest;
}

/** "capital". */
export function placeName({ piece }: EvidencePlace): string {
  return pieceLabel(piece);
}

/** Whether the numbers of a column are told by themselves: those of the exact effect, and what is in its unit. */
export function isAbsolute(
  { unit, ramp }: Pick<EvidenceMethod, "unit" | "ramp">,
  measured: EvidenceMethod | undefined,
) {
  return ramp === "effect" && (measured === undefined || unit === measured.unit);
}

/** In two digits: an effect with its sign, other numbers as shares of the largest of their column. */
export function cellText(value: number, ramp: EvidenceMethod["ramp"], whole: number): string {
  if (!Number.isFinite(value)) return "";
  const share = whole > 0 ? value / whole : 0;
  const written = Math.abs(share).toFixed(2);
  if (Number(written) === 0) return "0";
  const sign = share < 0 ? "−" : ramp === "effect" ? "+" : "";
  return `${sign}${written}`;
}
