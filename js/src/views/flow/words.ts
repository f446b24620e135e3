import { type Description, listed, mentioned, nameOf } from "../../focus/description";
import { count, pieceLabel, weight } from "../../lib/format";
import type { Session } from "../../session/session";
import type { Flow } from "../../wire/flow";
import { flowWish } from "./flow";
import type { Node } from "./scene";

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

/** A level of the flow: the input, the output, or what stands between two layers. */
export function placeOf({ attending, levels }: Flow, level: number): string {
  if (level === 0) return "input";
  return level === levels - 1 ? "output" : `after layer ${attending[level - 1]}`;
}

/** The token that the keys are on, or what the query rests on most. */
export function spoken(flow: Flow, node: Node | null): string {
  const name = (token: number) => pieceLabel(flow.pieces[token]);
  if (node === null) {
    const inputs = Array.from(flow.reached.subarray(0, flow.pieces.length), (share, token) => ({
      share,
      token,
    }));
    const first = inputs.sort((one, other) => other.share - one.share).slice(0, 3);
    return `${name(flow.query)} rests on ${first.map(({ share, token }) => `${name(token)} ${weight(share)}`).join(", ")}`;
  }
  const share = flow.reached[node.level * flow.pieces.length + node.token] ?? 0;
  return `${name(node.token)}, ${placeOf(flow, node.level)}: ${weight(share)} of ${name(flow.query)}`;
}
