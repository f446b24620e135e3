import { computed, type ReadonlySignal } from "@preact/signals";
import { metricAt } from "../heads/metrics";
import { ofHeads } from "../heads/words";
import { count, exact, pieceLabel, weight } from "../lib/format";
import { askedOf, othersOf } from "../session/axes";
import type { Session } from "../session/session";
import { flowAt } from "../views/flow/flow";
import { isVisible, type StripOnShow, stripAt, stripRequest } from "../views/layers/strips";
import { isMasked, sentenceOf } from "../views/neuron/pair";
import { openedKey, orderOf, type Pairs, pairsRequest } from "../views/neuron/pairs";
import type { Flow } from "../wire/flow";
import type { Header, Tokens } from "../wire/types";

/** A view in words, for those who do not see its canvas: one sentence, and a short table. */
export interface Description {
  readonly sentence: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const listed = 8;
const said = 3;

/** What is pinned, never what is under the pointer: it changes with the frame only. */
export function description(session: Session): ReadonlySignal<Description | null> {
  return computed(() => {
    const shown = session.shown.value;
    if (shown === null) return null;
    const { header, row, column } = shown.frame;
    if (session.traits.view.value === "layers") {
      const strip = stripAt(
        session,
        stripRequest(session, header.query, header.direction, session.clampedHead().head),
      );
      if (strip !== null)
        return ofStrip(strip, othersOf(header, header.direction), askedOf(header, header.direction));
    }
    if (session.traits.view.value === "model") {
      const { by, lowest, top, only } = session.metrics;
      const metric = metricAt(session, by.value);
      const search = { lowest: lowest.value, top: top.value, only: only.value };
      const title = session.about.value?.metrics.find(({ name }) => name === by.value)?.title ?? by.value;
      if (metric !== null) return ofHeads(metric, session.heads.value, search, title);
    }
    const flow = session.traits.view.value === "flow" ? flowAt(session) : undefined;
    if (flow) return ofFlow(flow);
    const asked =
      session.traits.view.value === "neuron" && row !== null
        ? pairsRequest(session, header.query, session.clampedHead())
        : null;
    const pairs = asked && session.neurons.at(asked);
    if (pairs) return ofPairs(pairs);
    const weights = header.direction === "reads" ? row : column;
    return weights === null ? null : ofMap(header, weights);
  });
}

const verbs = { reads: "reads", read_by: "is read by" } as const;

export function ofMap(header: Header, weights: Float32Array): Description {
  const { direction } = header;
  const tokens = othersOf(header, direction);
  const query = words(askedOf(header, direction), header.query);
  const strongest = Array.from(weights.keys())
    .filter((token) => (weights[token] as number) > 0 && tokens.padding[token] !== true)
    .sort((one, other) => (weights[other] as number) - (weights[one] as number))
    .slice(0, listed)
    .map((token) => ({ token, name: nameOf(tokens, token), weight: weight(weights[token] as number) }));
  const list = strongest.slice(0, said).map((each) => `${each.name} ${each.weight}`);
  const rest = strongest.length > said ? " …" : "";
  const sinks = new Set(direction === "reads" ? header.sinks : []);
  const title = header.title.replaceAll(" · ", " ");
  return {
    sentence: `${title}, ${sizeOf(header)}; “${query}” ${verbs[direction]} ${list.join(", ") || "nothing"}${rest}`,
    columns: direction === "reads" ? ["Query", "Key", "Weight"] : ["Key", "Query", "Weight"],
    rows: strongest.map((each) => [
      query,
      each.name,
      `${each.weight}${sinks.has(each.token) ? ", a sink" : ""}`,
    ]),
  };
}

const fusions = { mean: "mean of heads", max: "strongest head", single: "head" } as const;

/** The strongest token of every layer. */
export function ofStrip(strip: StripOnShow, tokens: Tokens, asked: Tokens = tokens): Description {
  const query = words(asked, strip.query);
  const rows = Array.from({ length: strip.layers }, (_, layer) => {
    const values = strip.values.subarray(layer * strip.count, (layer + 1) * strip.count);
    let best = -1;
    values.forEach((value, token) => {
      if (isVisible(strip, token) && value > (values[best] ?? 0)) best = token;
    });
    return best < 0
      ? [String(layer), "none", "–"]
      : [String(layer), nameOf(tokens, best), weight(values[best] as number)];
  });
  const heads = strip.fusion === "single" ? `head ${strip.head}` : fusions[strip.fusion];
  const list = rows.slice(0, said).map(([layer, name, amount]) => `layer ${layer} ${name} ${amount}`);
  const rest = rows.length > said ? " …" : "";
  return {
    sentence: `${count(strip.layers, "layer")}, ${heads}; “${query}” ${verbs[strip.direction]} most: ${list.join(", ")}${rest}`,
    columns: ["Layer", strip.direction === "reads" ? "Strongest key" : "Strongest query", "Weight"],
    rows,
  };
}

/** The inputs that the query rests on. */
export function ofFlow({ pieces, query, reached, levels }: Flow): Description {
  const strongest = Array.from(pieces.keys())
    .filter((token) => (reached[token] as number) > 0)
    .sort((one, other) => (reached[other] as number) - (reached[one] as number))
    .slice(0, listed)
    .map((token) => [nameOf({ pieces }, token), weight(reached[token] as number)] as const);
  const name = pieceLabel(pieces[query] ?? "");
  const list = strongest.slice(0, said).map((each) => each.join(" "));
  return {
    sentence: `Rollout through ${count(levels - 1, "layer")}; “${name}” rests on ${list.join(", ")}${strongest.length > said ? " …" : ""}`,
    columns: ["Output", "Input", "Share"],
    rows: strongest.map(([input, share]) => [name, input, share]),
  };
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

function sizeOf({ tokens, key_tokens }: Header): string {
  if (key_tokens == null) return count(tokens.pieces.length, "token");
  return `${tokens.pieces.length} queries and ${count(key_tokens.pieces.length, "key")}`;
}

function words(tokens: Tokens, [start, stop]: readonly [number, number]): string {
  return tokens.pieces.slice(start, stop).map(pieceLabel).join(" ");
}

/** By its number too, where the text has the piece more than once. */
function nameOf({ pieces }: Pick<Tokens, "pieces">, token: number): string {
  const piece = pieces[token] ?? "";
  const alone = pieces.indexOf(piece) === pieces.lastIndexOf(piece);
  return alone ? pieceLabel(piece) : `${pieceLabel(piece)} #${token}`;
}
