import { clauses, grouped, twoDecimals } from "../lib/format";
import type { KnownEffects } from "../session/answers/effects";

/** What the colours of what became of weights are, for a caption. */
export const changeLegend = "after − before the changes: green is read more, violet less";

/** What the colours of effects are, for a caption. */
const effectLegend = "violet: silencing hurts the answer, grey-teal: it helps";

/** How effects came about, and what their colours are. */
export function effectRecipe(known: KnownEffects): string {
  return clauses(known.effects.recipe, howKnown(known), effectLegend);
}

/** Where effects come from: "estimate by gradient, rank agreement with 12 exact heads 0.93". */
export function howKnown({ effects: { agreement }, exact, all }: KnownEffects): string {
  if (exact >= all) return "exact";
  if (exact > 0) return `${grouped(exact)} of ${grouped(all)} exact, the others estimated by gradient`;
  const agrees =
    agreement === null
      ? ""
      : `, rank agreement with ${agreement.of} exact ones ${twoDecimals(agreement.rho)}`;
  return `estimate by gradient${agrees}`;
}
