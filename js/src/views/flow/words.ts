import { type Description, listed, mentioned, nameOf } from "../../focus/description";
import { count, pieceLabel, weight } from "../../lib/format";
import type { Session } from "../../session/session";
import type { Flow } from "../../wire/flow";
import { flowWish } from "./flow";

/** The flow into the query on show. Reads signals. */
export function flowInWords(session: Session): Description | null {
  const { value: flow } = session.memory.answer(flowWish(session));
  return flow === undefined ? null : ofFlow(flow);
}

/** The inputs that the query rests on. */
export function ofFlow({ pieces, query, reached, levels }: Flow): Description {
  const strongest = Array.from(pieces.keys())
    .filter((token) => (reached[token] as number) > 0)
    .sort((one, other) => (reached[other] as number) - (reached[one] as number))
    .slice(0, listed)
    .map((token) => [nameOf({ pieces }, token), weight(reached[token] as number)] as const);
  const name = pieceLabel(pieces[query]);
  const list = strongest.slice(0, mentioned).map((each) => each.join(" "));
  return {
    sentence: `Rollout through ${count(levels - 1, "layer")}; “${name}” rests on ${list.join(", ")}${strongest.length > mentioned ? " …" : ""}`,
    columns: ["Output", "Input", "Share"],
    rows: strongest.map(([input, share]) => [name, input, share]),
  };
}
