import { type Description, listed, longest, mentioned, nameOf } from "../../focus/description";
import { count, pieceLabel, shorten, shortLabel, weight } from "../../lib/format";
import type { Session } from "../../session/session";
import type { Flow } from "../../wire/flow";
import type { Progress } from "../../wire/types";
import { flowWish } from "./flow";
import { type Band, carried, type LaneFlow, type Node, routeFrom, shareOf } from "./lanes";

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
  const name = shortLabel(pieces[query], longest);
  const list = strongest.slice(0, mentioned).map((each) => each.join(" "));
  return {
    sentence: `Rollout through ${count(levels - 1, "layer")}; “${name}” rests on ${list.join(", ")}${strongest.length > mentioned ? " …" : ""}`,
    columns: ["Output", "Input", "Share"],
    rows: strongest.map(([input, share]) => [name, input, share]),
  };
}

/** The token that the flow goes into, before that is there. Reads signals. */
export function queryOf({ shown }: Session): string {
  const header = shown.value?.frame.header;
  return pieceLabel(header?.tokens.pieces[header.query[1] - 1] ?? "");
}

/** What is waited for: of a long text, or of many layers, that takes a while. Reads signals. */
export function following({ shown }: Pick<Session, "shown">, progress: Progress | null): string {
  const header = shown.value?.frame.header;
  if (header === undefined) return "Following the flow…";
  const { done, total } = progress ?? { done: 0, total: 0 };
  const layers = total === 0 ? count(header.layers, "layer") : `${done} of ${count(total, "layer")}`;
  return `Following ${count(header.tokens.pieces.length, "token")} through ${layers}…`;
}

type Levels = Pick<LaneFlow, "attending" | "levels">;

/** A level of the flow: the input, the output, or what stands between two layers. */
export function placeOf({ attending, levels }: Levels, level: number): string {
  if (level === 0) return "input";
  return level === levels - 1 ? "output" : `after layer ${attending[level - 1]}`;
}

function nameIn({ lanes }: LaneFlow, lane: number): string {
  return shorten(lanes[lane]?.name ?? "", longest);
}

function quoted(flow: LaneFlow, lane: number): string {
  return flow.lanes[lane]?.rest ? "the rest" : `“${nameIn(flow, lane)}”`;
}

/** The lane that the keys are on, or what the query rests on most. */
export function spoken(flow: LaneFlow, node: Node | null): string {
  const query = nameIn(flow, flow.query);
  if (node === null) {
    const first = inputsOf(flow).slice(0, 3);
    return `${query} rests on ${first.map(({ lane, share }) => `${nameIn(flow, lane)} ${weight(share)}`).join(", ")}`;
  }
  const { lane, level } = node;
  return `${nameIn(flow, lane)}, ${placeOf(flow, level)}: ${weight(shareOf(flow, node))} of ${query}`;
}

/** The lanes by what begins on them, the most first. */
function inputsOf(flow: LaneFlow): { lane: number; share: number }[] {
  return flow.lanes
    .map((_, lane) => ({ lane, share: shareOf(flow, { level: 0, lane }) }))
    .sort((one, other) => other.share - one.share);
}

/** Of a word that takes more, it is likely that it soaks up what no head needs. */
const nearlyAll = 0.9;

/** The word that nearly all rests on, other than the query itself; null where none is. */
export function takesNearlyAll(flow: LaneFlow): string | null {
  const first = inputsOf(flow)[0];
  if (first === undefined || first.share <= nearlyAll || first.lane === flow.query) return null;
  return flow.lanes[first.lane]?.rest === false ? quoted(flow, first.lane) : null;
}

/** What is to be seen, in a sentence: of what is looked at, else what the query rests on. */
export function pathInWords(flow: LaneFlow, on: Node | Band | null): string {
  const query = quoted(flow, flow.query);
  if (on === null) {
    const inputs = inputsOf(flow);
    const named = inputs.filter(({ lane, share }) => flow.lanes[lane]?.rest !== true && share >= 0.0005);
    const rest = inputs.find(({ lane }) => flow.lanes[lane]?.rest);
    const list = named.slice(0, 3).map(({ lane, share }) => `${quoted(flow, lane)} ${weight(share)}`);
    const more = named.length > 3 ? ` and ${named.length - 3} more` : "";
    const others =
      rest === undefined
        ? ""
        : ` · ${count(flow.lanes[rest.lane]?.tokens.length ?? 0, "other token")} together ${weight(rest.share)}`;
    return `${query} rests on ${list.join(", ")}${more}${others}`;
  }
  if ("lane" in on) {
    const [share, name] = [weight(shareOf(flow, on)), quoted(flow, on.lane)];
    const from = on.level === 0 ? name : `${name}, ${placeOf(flow, on.level)}`;
    if (on.level === flow.levels - 1 || shareOf(flow, on) === 0) return `${from}: ${share} of ${query}`;
    return `${from}: ${share} of ${query}${wayOn(flow, on)}`;
  }
  const { level, source, target } = on;
  const layer = `layer ${flow.attending[level]}`;
  const share = weight(carried(flow, on));
  if (source === target)
    return `${quoted(flow, source)} keeps ${share} in ${layer}: the residual stream, and what it reads of itself`;
  return `${layer} carries ${share} from ${quoted(flow, source)} to ${quoted(flow, target)}${wayOn(flow, { level: level + 1, lane: target })}`;
}

/** How most of it goes on. */
function wayOn(flow: LaneFlow, node: Node): string {
  const route = routeFrom(flow, node);
  if (route.length === 0) return "";
  const steps = route.map(({ lane, layer }) => `${quoted(flow, lane)} in layer ${layer}`);
  return ` · most of it on to ${steps.join(", ")}`;
}
