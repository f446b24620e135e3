import type { Flow } from "../../wire/flow";

/** A flow over some of its tokens: `pieces`, `reached`, `ends` and `query` count rows, `places` says which tokens these are. */
export interface SparseFlow extends Flow {
  readonly places: readonly number[];
  /** Tokens in all. */
  readonly all: number;
}

/** Texts up to here are shown whole. */
const few = 40;

/** Of a long text the tokens that an edge of at least `least` touches, and the query; all of a short one. */
export function sparseFlow(flow: Flow, least: number): SparseFlow {
  const all = flow.pieces.length;
  const places = all <= few ? flow.pieces.map((_, token) => token) : touched(flow, least);
  const rows = new Map(places.map((token, row) => [token, row]));
  const ends: number[] = [];
  const shares: number[] = [];
  for (let edge = 0; edge < flow.shares.length; edge++) {
    const [level = 0, below = 0, above = 0] = flow.ends.subarray(3 * edge, 3 * edge + 3);
    const [source, target] = [rows.get(below), rows.get(above)];
    if (source === undefined || target === undefined) continue;
    ends.push(level, source, target);
    shares.push(flow.shares[edge] as number);
  }
  const reached = new Float32Array(flow.levels * places.length);
  for (let level = 0; level < flow.levels; level++)
    for (const [row, token] of places.entries())
      reached[level * places.length + row] = flow.reached[level * all + token] as number;
  return {
    ...flow,
    places,
    all,
    query: rows.get(flow.query) ?? 0,
    pieces: places.map((token) => flow.pieces[token] ?? ""),
    reached,
    ends: Uint32Array.from(ends),
    shares: Float32Array.from(shares),
  };
}

function touched({ ends, shares, query }: Flow, least: number): number[] {
  const found = new Set([query]);
  for (let edge = 0; edge < shares.length; edge++) {
    if ((shares[edge] as number) < least) continue;
    found.add(ends[3 * edge + 1] as number);
    found.add(ends[3 * edge + 2] as number);
  }
  return [...found].sort((one, other) => one - other);
}
