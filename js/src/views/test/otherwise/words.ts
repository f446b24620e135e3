import { clauses, pieceLabel, tokenName, weight } from "../../../lib/format";
import { pythonString } from "../../../lib/python";
import type { Counterfactual } from "../../../wire/experiments/counterfactual";
import { exactly } from "../words";

/** What was found, in a sentence. */
export function foundInWords(found: Counterfactual): string {
  const { head, answer, mass, distance, furthest, pieces, token, held } = found;
  if (!held) return `No other pattern of ${head} was found under which the model says the same.`;
  return mass === null
    ? `${head} could attend like this, and the model says the same of ${answer.words}: divergence ${exactly(distance)} of at most ${exactly(furthest)} nats.`
    : `${head} could show “${tokenName(pieces[token] ?? "")}” with ${exactly(mass[1])} in place of ${exactly(mass[0])}, and the model says the same of ${answer.words}.`;
}

/** How it was held, and what it is. */
export function heldInWords(found: Counterfactual): string {
  const { change, epsilon, answer, before, after, counted, recipe } = found;
  return clauses(
    `total variation ${exactly(change)}, allowed ${epsilon}`,
    `${answer.words} ${exactly(before)} → ${exactly(after)} ${answer.unit}`,
    `${counted.length} of ${found.sizes[0]} rows matter to it and were changed`,
    "numbers of a plain run with the pattern painted",
    recipe,
  );
}

/** Python that finds it again: the same search with the same seed. */
export function otherwiseCode(
  { name, head, token, epsilon, steps }: Counterfactual,
  part: string | null,
  { answer, rather, at }: { answer: unknown; rather: unknown; at: number | null },
): string {
  const quoted = (one: unknown) => (typeof one === "string" ? pythonString(one) : String(one));
  const asked =
    rather !== null
      ? [`answer=(${answer === null ? "None" : quoted(answer)}, ${quoted(rather)})`]
      : answer !== null
        ? [`answer=${quoted(answer)}`]
        : [];
  const given = [
    pythonString(head),
    ...(name === "away" ? [`away_from=${token}`] : []),
    `epsilon=${epsilon}`,
    `steps=${steps}`,
    ...asked,
    ...(at === null ? [] : [`at=${at}`]),
    ...(part === null ? [] : [`part=${pythonString(part)}`]),
  ];
  const call = name === "away" ? "aw.deceptive_attention" : "aw.adversarial_attention";
  return [
    "import attnwidget as aw",
    "",
    `found = ${call}(ex.model, ex.trace, ${given.join(", ")})`,
    "aw.view(found.trace)  # edits=found.edits: the pattern, painted",
    "",
  ].join("\n");
}

/** The row on show: the query's, if the answer rests on it, else the last that it rests on. */
export function rowOf({ counted }: Pick<Counterfactual, "counted">, query: number): number {
  return counted.includes(query) ? query : (counted.at(-1) ?? query);
}

export function rowAt(
  { sizes }: Pick<Counterfactual, "sizes">,
  map: Float32Array,
  query: number,
): Float32Array {
  return map.subarray(query * sizes[1], (query + 1) * sizes[1]);
}

/** The key with the largest weight. */
export function mostRead(pieces: readonly string[], weights: Float32Array): number {
  let most = 0;
  for (let key = 1; key < pieces.length; key++) if ((weights[key] ?? 0) > (weights[most] ?? 0)) most = key;
  return most;
}

/** A row, as a screen reader hears it. */
export function rowInWords(
  name: string,
  where: string,
  pieces: readonly string[],
  weights: Float32Array,
): string {
  const most = [...pieces.keys()]
    .sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0))
    .slice(0, 3)
    .map((key) => `${pieceLabel(pieces[key])} ${weight(weights[key] ?? 0)}`);
  return `${name}, ${where}: most on ${most.join(", ")}`;
}
