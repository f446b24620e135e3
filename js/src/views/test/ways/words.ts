import { tokenName } from "../../../lib/format";
import type { Variant } from "../../../wire/experiments/variants";
import { exactly } from "../words";

/** "Paris 0.120 · France 0.080". */
export function readInWords({ read }: Variant): string {
  return read.map(({ piece, weight: share }) => `${tokenName(piece)} ${exactly(share)}`).join(" · ");
}

/** Which head reads the phrase, and how much. */
export function factInWords({ fact }: Variant, phrase: string): string {
  if (phrase === "") return "";
  if (fact === null) return `“${phrase}” is not in it`;
  return `L${fact.layer}H${fact.head} puts ${exactly(fact.weight)} on “${phrase}”`;
}

/** A row as it is read out. */
export function wayInWords(way: Variant, answer: string, phrase: string): string {
  const { said, read } = way;
  return [
    `${answer} ${exactly(way.answer)}`,
    `it says ${tokenName(said.piece)} ${exactly(said.probability)}`,
    read.length === 0 ? "" : `reads most ${readInWords(way)}`,
    factInWords(way, phrase),
  ]
    .filter((part) => part !== "")
    .join("; ");
}
