import { pieceLabel } from "../../lib/format";
import type { Flow } from "../../wire/flow";
import type { Header, Span } from "../../wire/types";

/** A word of the text, or a token outside of any. */
export interface Word {
  readonly tokens: Span;
  readonly name: string;
}

/** What flows side by side: a word, or all that is too little to be told apart. */
export interface Lane {
  readonly name: string;
  /** The name where there is little room. */
  readonly short: string;
  /** Its tokens: of the rest, how many they are is all that counts. */
  readonly tokens: readonly number[];
  readonly rest: boolean;
  /** Its largest share on any level. */
  readonly peak: number;
}

/** A flow from lane to lane. Lanes stand as in the text, the rest of it last. */
export interface LaneFlow {
  readonly lanes: readonly Lane[];
  /** The lane that is flowed into. */
  readonly query: number;
  readonly levels: number;
  readonly attending: readonly number[];
  readonly recipe: string;
  /** Tokens in all. */
  readonly all: number;
  /** The share of each layer that its known edges carry, at least; what they leave is spread so that every sum is right. */
  readonly known: number;
  /** By level and lane; level 0 is the input. */
  readonly reached: Float32Array;
  /** By level, lane below and lane above. */
  readonly bands: Float32Array;
}

/** The words of a text in tokens, as a frame has them. `written`: what stands in the text's fields. */
export function wordsOf(
  { tokens, units }: Pick<Header, "tokens" | "units">,
  written: readonly [string, string],
  pieces: readonly string[],
): readonly Word[] {
  const alone = pieces.map((piece, token) => ({
    tokens: [token, token + 1] as const,
    name: pieceLabel(piece),
  }));
  if (units != null)
    return units.at(-1)?.[1] === pieces.length
      ? units.map((span, unit) => ({ tokens: span, name: pieceLabel(tokens.pieces[unit]) }))
      : alone;
  if (tokens.words.length !== pieces.length) return alone;
  const found: Word[] = [];
  for (let start = 0; start < pieces.length; ) {
    let stop = start + 1;
    const word = tokens.words[start] as number;
    while (word >= 0 && stop < pieces.length && tokens.words[stop] === word && alike(tokens, start, stop))
      stop++;
    const [first, last] = [tokens.spans[start], tokens.spans[stop - 1]];
    const text = written[tokens.fields?.[start] ?? 0] ?? "";
    const cut =
      first !== undefined && last !== undefined && first[0] >= 0 ? text.slice(first[0], last[1]) : "";
    const name = stop - start === 1 || cut.trim() === "" ? pieces.slice(start, stop).join("") : cut;
    found.push({ tokens: [start, stop], name: pieceLabel(name) });
    start = stop;
  }
  return found;
}

/** Two texts number their words each for itself. */
function alike({ segment, fields }: Header["tokens"], one: number, other: number): boolean {
  return segment[one] === segment[other] && fields?.[one] === fields?.[other];
}

/** More lanes than this cannot be followed: what is weaker joins the rest, whatever is asked. */
const most = 24;
/** What passes a word on its way is told apart from here on, though little of it began there. */
const passing = 0.1;

/** The words that something flows through, and which of them have lanes of their own. */
function chosenWords(flow: Flow, words: readonly Word[], least: number) {
  const { levels } = flow;
  const size = flow.pieces.length;
  const share = (level: number, { tokens: [start, stop] }: Word) => {
    let sum = 0;
    for (let token = start; token < stop; token++) sum += flow.reached[level * size + token] ?? 0;
    return sum;
  };
  const peakOf = (word: Word) => {
    let peak = 0;
    for (let level = 0; level < levels; level++) peak = Math.max(peak, share(level, word));
    return peak;
  };
  const isQuery = ({ tokens: [start, stop] }: Word) => flow.query >= start && flow.query < stop;
  // What nothing flows through, as what stands after the query of a causal model, is no rest either.
  const weighed = words
    .map((word, index) => ({ word, index, input: share(0, word), peak: peakOf(word) }))
    .filter(({ word, peak }) => peak > 0 || isQuery(word));
  const named = weighed
    .filter(({ word, input, peak }) => isQuery(word) || input >= least || peak >= Math.max(passing, least))
    .sort((one, other) => Number(isQuery(other.word)) - Number(isQuery(one.word)) || other.input - one.input)
    .slice(0, most);
  const chosen = new Set(named.map(({ index }) => index));
  // A rest of one is a word.
  const left = weighed.filter(({ index }) => !chosen.has(index));
  if (left.length === 1) chosen.add((left[0] as { index: number }).index);
  return { weighed, chosen };
}

/** Words that give at least so much have lanes of their own, and the one that is flowed into; all else is summed up. */
export function laneFlow(flow: Flow, words: readonly Word[], least: number): LaneFlow {
  const { levels, attending, recipe } = flow;
  const size = flow.pieces.length;
  const { weighed, chosen } = chosenWords(flow, words, least);
  const laneOf = new Int32Array(size).fill(-1);
  const lanes: Lane[] = [];
  const rest: number[] = [];
  for (const { word, index, peak } of weighed) {
    const tokens = Array.from({ length: word.tokens[1] - word.tokens[0] }, (_, at) => word.tokens[0] + at);
    if (!chosen.has(index)) {
      rest.push(...tokens);
      continue;
    }
    for (const token of tokens) laneOf[token] = lanes.length;
    lanes.push({ name: word.name, short: word.name, tokens, rest: false, peak });
  }
  if (rest.length > 0) {
    const peak = Math.max(...Array.from({ length: levels }, (_, level) => sumOf(flow, level, rest)));
    for (const token of rest) laneOf[token] = lanes.length;
    const name = `rest, ${rest.length}`;
    lanes.push({ name: `${name} tokens`, short: name, tokens: rest, rest: true, peak });
  }
  const reached = new Float32Array(levels * lanes.length);
  for (let level = 0; level < levels; level++)
    for (let token = 0; token < size; token++) {
      if (laneOf[token] === -1) continue;
      const at = level * lanes.length + (laneOf[token] as number);
      reached[at] = (reached[at] as number) + (flow.reached[level * size + token] as number);
    }
  return {
    lanes,
    query: laneOf[flow.query] as number,
    levels,
    attending,
    recipe,
    all: size,
    known: Math.min(1, ...flow.kept),
    reached,
    bands: bandsOf(flow, laneOf, lanes.length, reached),
  };
}

function sumOf({ reached, pieces }: Flow, level: number, tokens: readonly number[]): number {
  return tokens.reduce((sum, token) => sum + (reached[level * pieces.length + token] as number), 0);
}

/** What the known edges carry from lane to lane; what they leave of each sum is shared out in proportion. */
function bandsOf(flow: Flow, laneOf: Int32Array, count: number, reached: Float32Array): Float32Array {
  const bands = new Float32Array((flow.levels - 1) * count * count);
  for (let edge = 0; edge < flow.shares.length; edge++) {
    const [level = 0, source = 0, target = 0] = flow.ends.subarray(3 * edge, 3 * edge + 3);
    if (laneOf[source] === -1 || laneOf[target] === -1) continue;
    const at = (level * count + (laneOf[source] as number)) * count + (laneOf[target] as number);
    bands[at] = (bands[at] as number) + (flow.shares[edge] as number);
  }
  for (let level = 0; level + 1 < flow.levels; level++) {
    const first = level * count * count;
    const given = new Float64Array(count);
    const taken = new Float64Array(count);
    for (let source = 0; source < count; source++)
      for (let target = 0; target < count; target++) {
        const share = bands[first + source * count + target] as number;
        given[source] = (given[source] as number) + share;
        taken[target] = (taken[target] as number) + share;
      }
    const left = (sums: Float64Array, on: number) =>
      sums.map((sum, lane) => Math.max(0, (reached[on * count + lane] as number) - sum));
    const [sources, targets] = [left(given, level), left(taken, level + 1)];
    const whole = targets.reduce((sum, share) => sum + share, 0);
    if (whole < 1e-6) continue;
    for (let source = 0; source < count; source++)
      for (let target = 0; target < count; target++) {
        const at = first + source * count + target;
        const more = ((sources[source] as number) * (targets[target] as number)) / whole;
        bands[at] = (bands[at] as number) + more;
      }
  }
  return bands;
}

/** A lane on a level. */
export interface Node {
  readonly level: number;
  readonly lane: number;
}

/** What flows from a lane on a level to one on the next. */
export interface Band {
  readonly level: number;
  readonly source: number;
  readonly target: number;
}

export function shareOf({ reached, lanes }: LaneFlow, { level, lane }: Node): number {
  return reached[level * lanes.length + lane] ?? 0;
}

export function carried({ bands, lanes }: LaneFlow, { level, source, target }: Band): number {
  return bands[(level * lanes.length + source) * lanes.length + target] ?? 0;
}

/** A node or a band of one flow as it is in another, where lanes may be others; null where it is gone. */
export function moved(on: Node | Band, from: LaneFlow, to: LaneFlow): Node | Band | null {
  if (from === to) return on;
  if (from.levels !== to.levels) return null;
  const there = (lane: number) => {
    const token = from.lanes[lane]?.tokens[0] ?? -1;
    return to.lanes.findIndex(({ tokens }) => tokens.includes(token));
  };
  if ("lane" in on) {
    const lane = there(on.lane);
    return lane < 0 ? null : { level: on.level, lane };
  }
  const [source, target] = [there(on.source), there(on.target)];
  return source < 0 || target < 0 ? null : { level: on.level, source, target };
}

/** Of every band, what of it passes through a node or a band: from all inputs to there, and from there to the output. */
export function through(flow: LaneFlow, on: Node | Band): Float32Array {
  const count = flow.lanes.length;
  const passes = new Float32Array(flow.bands.length);
  const [below, above] = [on.level, "lane" in on ? on.level : on.level + 1];
  let amounts = new Float64Array(count);
  const whole = "lane" in on ? shareOf(flow, on) : carried(flow, on);
  if ("source" in on) passes[(on.level * count + on.source) * count + on.target] = whole;
  amounts["lane" in on ? on.lane : on.source] = whole;
  for (let level = below - 1; level >= 0; level--) amounts = step(flow, passes, amounts, level, "down");
  amounts = new Float64Array(count);
  amounts["lane" in on ? on.lane : on.target] = whole;
  for (let level = above; level + 1 < flow.levels; level++)
    amounts = step(flow, passes, amounts, level, "up");
  return passes;
}

/** Carries amounts across one layer, each in proportion to what flows there in all. */
function step(
  { bands, reached, lanes }: LaneFlow,
  passes: Float32Array,
  amounts: Float64Array<ArrayBuffer>,
  level: number,
  way: "up" | "down",
): Float64Array<ArrayBuffer> {
  const count = lanes.length;
  const next = new Float64Array(count);
  const from = way === "down" ? level + 1 : level;
  for (let lane = 0; lane < count; lane++) {
    const amount = amounts[lane] as number;
    const whole = reached[from * count + lane] as number;
    if (!(amount > 0) || !(whole > 0)) continue;
    for (let other = 0; other < count; other++) {
      const [source, target] = way === "down" ? [other, lane] : [lane, other];
      const at = (level * count + source) * count + target;
      const share = (amount * (bands[at] as number)) / whole;
      passes[at] = (passes[at] as number) + share;
      next[other] = (next[other] as number) + share;
    }
  }
  return next;
}

/** The widest way from a node to the output: the lanes it changes to, and in which layer. */
export function routeFrom(flow: LaneFlow, { level, lane }: Node): readonly { lane: number; layer: number }[] {
  const count = flow.lanes.length;
  // The largest share of what is on a lane that goes one way, from each level on.
  const best = new Float64Array(flow.levels * count);
  const choice = new Int32Array(flow.levels * count).fill(-1);
  best[(flow.levels - 1) * count + flow.query] = 1;
  for (let at = flow.levels - 2; at >= level; at--)
    for (let source = 0; source < count; source++) {
      const whole = flow.reached[at * count + source] as number;
      if (!(whole > 0)) continue;
      for (let target = 0; target < count; target++) {
        const share =
          (carried(flow, { level: at, source, target }) / whole) *
          (best[(at + 1) * count + target] as number);
        if (share <= (best[at * count + source] as number)) continue;
        best[at * count + source] = share;
        choice[at * count + source] = target;
      }
    }
  const route: { lane: number; layer: number }[] = [];
  let here = lane;
  for (let at = level; at < flow.levels - 1; at++) {
    const next = choice[at * count + here] as number;
    if (next === -1) break;
    if (next !== here) route.push({ lane: next, layer: flow.attending[at] ?? at });
    here = next;
  }
  return route;
}

/** Of the whole, in parts of a thousand: what a word must give to be named. */
export const thresholds = [2, 5, 10, 20, 50, 100, 200] as const;

const usual = 12;

/** Without a wish, 1 %, or as much as leaves a number of words that can be followed. */
export function usualThreshold(flow: Flow, words: readonly Word[]): number {
  const found = thresholds.findIndex(
    (least, index) => index >= 2 && chosenWords(flow, words, least / 1000).chosen.size <= usual,
  );
  return found === -1 ? thresholds.length - 1 : found;
}
