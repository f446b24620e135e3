import { SignedScale } from "../../controls/Scale";
import { Caption } from "../../display/Caption";
import type { View } from "../../display/view";
import { count, exact, weight } from "../../lib/format";
import { type Pairs, pairsOf } from "./pairs";

/** What the numbers are. */
export function neuronRecipe(view: View, pairs: Pairs): string {
  const { session } = view;
  const [start, stop] = pairsOf(view).request.value?.query ?? [0, 1];
  const { source, sinks, weight: weighed, words } = session.traits.look.value;
  const several = source !== "head" || session.chosenHeads().length > 1;
  const changed = words || sinks !== "show" || weighed !== "attention";
  const masked = pairs.logit.reduce((sum, logit) => sum + Number(logit === Number.NEGATIVE_INFINITY), 0);
  return [
    "q and k as the model multiplies them, positional encoding included, fp32",
    `softmax over ${count(pairs.weight.length - masked, "key")}${masked > 0 ? `, ${masked.toLocaleString("en")} masked` : ""}`,
    ...(pairs.sink === null
      ? []
      : [
          `a sink with logit ${exact(pairs.sink)} takes part and keeps ${weight(pairs.sink_weight ?? Number.NaN)}`,
        ]),
    ...(stop - start > 1 ? [`the first of ${stop - start} tokens`] : []),
    ...(session.traits.direction.value === "reads"
      ? []
      : ["what it reads: a softmax runs over one query's keys"]),
    ...(several ? ["one head: several combined have no q and k"] : []),
    ...(changed ? ["tokens and attention as they are, not as the other views show them"] : []),
  ].join(" · ");
}

interface Props {
  readonly recipe: string;
  readonly problem: string | null;
}

/** What the numbers are, and the colours of those with a sign. */
export function NeuronCaption({ recipe, problem }: Props) {
  return (
    <Caption problem={problem} aside={<SignedScale from="−" to="+" />}>
      {recipe}
    </Caption>
  );
}
