import type { Direction, Frame, FrameRequest, Predictions, Span } from "../../wire/types";
import { clamped, tokensAt } from "./caret";
import { attending, headsOf, layerHeads } from "./heads";
import { type HeadName, type Maps, NotSaved, type SavedMap, sameSpan } from "./maps";
import type { SavedHeader } from "./saved";
import { asByte } from "./thumbnails";
import { columnOf, pooled, rowOf } from "./vectors";

/** Cells of a matrix per side, as in the kernel. */
const largestSide = 512;

/** The frame that the kernel would send; a preview without `overview`. Raises NotSaved for what the file does not have. */
export function composeFrame(
  header: SavedHeader,
  maps: Maps,
  request: FrameRequest,
  overview: boolean,
): Frame {
  const { direction, source } = request;
  const { tokens, heads } = header.frame;
  const { layer, head } = attending(heads, request);
  const query = queryOf(header, request);
  const size = tokens.pieces.length;
  const facts = header.facts[factsName(request.source, layer, head)];
  const chosen: HeadName[] = source === "layer" ? layerHeads(heads, layer) : [[layer, head]];
  const whole = source === "rollout" ? maps.rollout() : maps.whole(chosen, "mean");
  const small = whole === null && source === "head" ? maps.small([layer, head]) : null;
  const factor = small?.factor ?? Math.ceil(size / largestSide);
  const matrix = small ?? (whole && pooled(whole, factor));
  const vectors =
    source === "rollout"
      ? vectorsOf(whole, query)
      : (savedVectors(header, maps, chosen, query) ?? vectorsOf(whole, query));
  if (facts === undefined || matrix === null || vectors === null) throw new NotSaved(header.missing);
  const stepped = whole?.stepped !== false;
  const shape = [matrix.size, matrix.size];
  const dtype = stepped ? "u8" : size <= 192 ? "f32" : "f16";
  return {
    header: {
      ...header.frame,
      ...facts,
      recipe: `${facts.recipe}${factor === 1 ? "" : ` · a cell is the maximum over ${factor} x ${factor} tokens`}${stepped ? header.note : ""}`,
      layer,
      head,
      chosen: [[layer, head]],
      units: null,
      hidden: 0,
      query,
      direction,
      source,
      caution: header.cautions[source],
      predictions: predictionsAt(header, query[1] - 1),
      pooling: factor,
      timing: { trace: 0, frame: 0 },
      blocks: [{ name: "matrix", dtype, shape, offset: 0 }],
    },
    matrix: { shape, data: matrix.values },
    ...vectors,
    thumbnails: overview ? maps.thumbnails() : null,
    previews: overview ? previews(header, maps, query, direction) : null,
  };
}

export function factsName(source: FrameRequest["source"], layer: number, head: number): string {
  return source === "head" ? `${layer} ${head}` : source === "layer" ? `${layer}` : "rollout";
}

/** What is predicted at a token, or of the whole text. */
export function predictionsAt({ predictions }: SavedHeader, token: number): Predictions | null {
  return predictions[predictions.length === 1 ? 0 : token] ?? null;
}

function queryOf({ frame: { tokens } }: SavedHeader, { caret, query }: FrameRequest): Span {
  if (caret !== undefined) return tokensAt(tokens.spans, caret);
  return clamped(query ?? [-1, 0], tokens.pieces.length);
}

type Vectors = Pick<Frame, "row" | "column">;

/** Row and column of the query that was saved: exact, in every head. Null for any other query. */
function savedVectors(
  header: SavedHeader,
  maps: Maps,
  heads: readonly HeadName[],
  query: Span,
): Vectors | null {
  if (!sameSpan(query, header.query)) return null;
  const row = maps.vector(heads, "mean", query, "reads");
  const column = maps.vector(heads, "mean", query, "read_by");
  return row && column && { row, column };
}

function vectorsOf(map: SavedMap | null, query: Span): Vectors | null {
  return map && { row: rowOf(map, query), column: columnOf(map, query) };
}

/** The query's row, or column, of every head as bytes on a square-root scale; null where one is missing. */
function previews(header: SavedHeader, maps: Maps, query: Span, direction: Direction): Frame["previews"] {
  const { heads, tokens } = header.frame;
  const [most, size] = [Math.max(...heads), tokens.pieces.length];
  const data = new Uint8Array(heads.length * most * size);
  for (const layer of heads.keys()) {
    for (const head of headsOf(heads, layer)) {
      const vector = maps.vector([[layer, head]], "mean", query, direction);
      if (vector === null) return null;
      data.set(vector.map(asByte), (layer * most + head) * size);
    }
  }
  return { shape: [heads.length, most, size], data };
}
