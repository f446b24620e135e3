import { SignedBar } from "../../controls/Scale";
import { Caption } from "../../display/Caption";
import { AfterOnly } from "../../what-if/AfterOnly";

interface Props {
  readonly recipe: string;
  readonly problem: string | null;
}

/** What the numbers are, and the colours of those with a sign. */
export function NeuronCaption({ recipe, problem }: Props) {
  return (
    <Caption problem={problem} aside={<SignedBar from="−" to="+" />}>
      <AfterOnly />
      {recipe}
    </Caption>
  );
}
