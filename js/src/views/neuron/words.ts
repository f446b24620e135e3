import { type Description, listed, nameOf } from "../../focus/description";
import { exact, pieceLabel, weight } from "../../lib/format";
import type { Session } from "../../session/session";
import { isMasked, sentenceOf } from "./pair";
import { neuronsOf, openedKey, orderOf, type Pairs, pairsRequest } from "./pairs";

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
