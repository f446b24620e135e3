import type { View } from "../../display/view";
import { type Description, listed, nameOf } from "../../focus/description";
import { clauses, count, exact, grouped, pieceLabel, toneNumber, weight } from "../../lib/format";
import type { Session } from "../../session/session";
import { isMasked, sentenceOf } from "./pair";
import { neuronsOf, openedKey, orderOf, type Pairs, pairsOf, pairsRequest } from "./pairs";
import type { Shown } from "./picture";

/** The pinned query down to q and k. Reads signals. */
export function neuronInWords(session: Session): Description | null {
  const frame = session.shown.value?.frame;
  if (frame == null || frame.row === null) return null;
  const request = pairsRequest(session, frame.header.query, session.clampedHead());
  const pairs = request === null ? null : neuronsOf(session).at(request);
  return pairs === null ? null : ofPairs(pairs);
}

/** How the strongest weights of the query come about. */
export function ofPairs(pairs: Pairs): Description {
  const strongest = openedKey(pairs);
  const keys = orderOf(pairs, "strongest").slice(0, listed);
  const name = pieceLabel(pairs.piece);
  return {
    sentence: `Layer ${pairs.layer} Head ${pairs.head}, ${pairs.q.length} dimensions; “${name}” and ${nameOf(pairs, strongest)}: ${sentenceOf(pairs, strongest)}`,
    columns: ["Query", "Key", "q·k", "Scaled", "Logit", "Weight"],
    rows: keys.map((key) => [
      name,
      nameOf(pairs, key),
      ...[pairs.dot, pairs.scaled, pairs.logit].map((values) => exact(values[key] as number)),
      isMasked(pairs, key) ? "masked" : weight(pairs.weight[key] as number),
    ]),
  };
}

/** The pair that is open, for those who do not see it. */
export function spoken({ pairs, key }: Shown, dimension: number | null): string {
  const pair = `${pieceLabel(pairs.piece)} and ${pieceLabel(pairs.pieces[key])}`;
  if (dimension === null) return `${pair}: ${sentenceOf(pairs, key)}`;
  const q = pairs.q[dimension] ?? Number.NaN;
  const k = pairs.vectors.get(key)?.[dimension];
  if (k === undefined) return `${pair}, dimension ${dimension}`;
  return `${pair}, dimension ${dimension}: ${product(q, k)}`;
}

function product(q: number, k: number): string {
  return `q ${exact(q)} × k ${exact(k)} = ${exact(q * k)}`;
}

/** Said where several heads are chosen: only one of them is shown. Reads signals. */
export function oneOf(session: Session): string {
  if (session.traits.look.value.source !== "head") return ", one head of many";
  const { length } = session.chosenHeads();
  return length > 1 ? `, one of the ${length} chosen` : "";
}

/** What the numbers are. */
export function neuronRecipe(view: View, { pairs, full }: Pick<Shown, "pairs" | "full">): string {
  const { session, derived } = view;
  const [start, stop] = pairsOf(view).asked.value;
  const { sinks, weight: weighed, words } = session.traits.look.value;
  const changed = words || sinks !== "show" || weighed !== "attention";
  const masked = pairs.logit.reduce((sum, logit) => sum + Number(logit === Number.NEGATIVE_INFINITY), 0);
  return clauses(
    stop - start > 1 ? `the last of ${stop - start} tokens` : "",
    session.traits.direction.value === "reads" ? "" : "what it reads: a softmax runs over one query's keys",
    oneOf(session) === "" ? "" : "one head: several combined have no q and k",
    changed ? "tokens and attention as they are, not as the other views show them" : "",
    `softmax over ${count(pairs.weight.length - masked, "key")}${masked > 0 ? `, ${grouped(masked)} masked` : ""}`,
    pairs.sink === null
      ? ""
      : `a sink with logit ${exact(pairs.sink)} takes part and keeps ${weight(pairs.sink_weight ?? Number.NaN)}`,
    `bars: the weight, whole at ${toneNumber(full)}${derived.scale.value === "stretch" ? ", stretched" : ""}`,
    "colours: q, k and q × k, each by its own largest number: no weights",
    "q and k as the model multiplies them, positional encoding included, fp32",
  );
}
