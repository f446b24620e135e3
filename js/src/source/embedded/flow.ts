import type { Flow, FlowRequest } from "../../wire/types";
import { clamped } from "./caret";
import { type Maps, NotSaved } from "./maps/maps";
import { massOf, sinksOf, unmaskedReaders } from "./maps/sinks";
import type { SavedHeader } from "./saved";
import { layerHeads } from "./selection";

/** As attnwidget/measures/paths/rollout_edges.py has them. */
const residual = 0.5;
const strongest = 400;

interface Edge {
  readonly share: number;
  readonly source: number;
  readonly target: number;
}

/** The way of rollout into one token, from the means of the layers' heads. Raises NotSaved where a layer is not whole. */
export function composeFlow(header: SavedHeader, maps: Maps, request: FlowRequest): Flow {
  const { heads, tokens } = header.frame;
  const size = tokens.pieces.length;
  const [query] = clamped([request.position, request.position + 1], size);
  const counted = Array.from({ length: size }, (_, token) => token).filter((token) => !tokens.padding[token]);
  if (!counted.includes(query))
    throw new NotSaved(`Query ${query} attends to nothing: padding, or a row of NaN.`);
  const attending = heads.flatMap((count, layer) => (count > 0 ? [layer] : []));
  const levels = attending.length + 1;
  const reached = new Float32Array(levels * size);
  reached[(levels - 1) * size + query] = 1;
  const byLayer: Edge[][] = [];
  for (let level = levels - 2; level >= 0; level--) {
    const map = maps.whole(layerHeads(heads, attending[level] as number), "mean");
    if (map === null) throw new NotSaved(header.missing);
    const above = reached.subarray((level + 1) * size, (level + 2) * size);
    const below = reached.subarray(level * size, (level + 1) * size);
    const values = request.sinks === "hide" ? withoutSinks(map.values, header.frame) : map.values;
    byLayer.unshift(edgesOf(values, size, counted, above, below));
  }
  const edges = byLayer.flatMap((found, level) => found.map((edge) => ({ ...edge, level })));
  return {
    query,
    levels,
    pieces: tokens.pieces,
    attending,
    kept: byLayer.map((found) => found.reduce((sum, { share }) => sum + share, 0)),
    recipe: `attention rollout from the output down, heads fused by mean, residual ${residual}${request.sinks === "hide" ? ", what rests on sinks left out" : ""}${header.part_note}${header.note}`,
    reached,
    ends: Uint32Array.from(edges.flatMap(({ level, source, target }) => [level, source, target])),
    shares: Float32Array.from(edges, ({ share }) => share),
  };
}

/** A layer's map, of which what rests on its sinks is left out. */
function withoutSinks(values: Float32Array, { tokens, causal }: SavedHeader["frame"]): Float32Array {
  const size = tokens.pieces.length;
  const sinks = sinksOf(massOf({ size, values }, tokens).received, tokens, unmaskedReaders(tokens, causal));
  const left = values.slice();
  for (const sink of sinks) for (let query = 0; query < size; query++) left[query * size + sink] = 0;
  return left;
}

/** The strongest edges of a layer; what each token below gives is added to `below`. */
function edgesOf(
  map: Float32Array,
  size: number,
  counted: readonly number[],
  above: Float32Array,
  below: Float32Array,
): Edge[] {
  const edges: Edge[] = [];
  for (const target of counted) {
    const whole = above[target] as number;
    if (whole === 0) continue;
    const mixed = (source: number) =>
      (1 - residual) * (map[target * size + source] as number) + (source === target ? residual : 0);
    const sum = counted.reduce((total, source) => total + mixed(source), 0);
    for (const source of counted) {
      const share = (whole * mixed(source)) / sum;
      if (share <= 0) continue;
      below[source] = (below[source] as number) + share;
      edges.push({ share, source, target });
    }
  }
  return edges.sort((one, other) => other.share - one.share).slice(0, strongest);
}
