import { grouped } from "../lib/format";
import type { KnownEffects } from "../session/answers/effects";

/** What the colours of effects are, for a caption. */
export const effectLegend = "violet: silencing hurts the answer, grey-teal: it helps";

/** Where effects come from: "estimate by gradient, rank agreement with 12 exact heads 0.93". */
export function howKnown({ effects: { agreement }, exact, all }: KnownEffects): string {
  if (exact >= all) return "exact";
  if (exact > 0) return `${grouped(exact)} of ${grouped(all)} exact, the others estimated by gradient`;
  const agrees =
    agreement === null ? "" : `, rank agreement with ${agreement.of} exact ones ${signed(agreement.rho)}`;
  return `estimate by gradient${agrees}`;
}

const signed = (rho: number) => `${rho < 0 ? "−" : ""}${Math.abs(rho).toFixed(2)}`;
