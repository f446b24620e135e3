import {
  type Direction,
  type Frame,
  type FrameRequest,
  keptWhole,
  type Predictions,
  type Span,
} from "../../wire/types";
import { clamped, tokensAt } from "./caret";
import { type Maps, NotSaved, sameSpan } from "./maps/maps";
import { scan } from "./maps/scan";
import { type ShownMap, shownMap } from "./maps/shown";
import { asByte } from "./maps/thumbnails";
import { type Units, unitsAround, unitsShown } from "./maps/units";
import { columnOf, pooled, rowOf, vectorOf } from "./maps/vectors";
import type { SavedHeader } from "./saved";
import { alone, headsRead, isPlain, layerHeads, type Selection, selectionOf } from "./selection";
import { cautionOf, factsName, poolingNote, recipeOf, titleOf } from "./words";

/** Cells of a matrix per side, as in the kernel. */
const largestSide = 512;

/** The frame that the kernel would send; a preview without `overview`. Raises NotSaved for what the file does not have. */
export function composeFrame(
  header: SavedHeader,
  maps: Maps,
  request: FrameRequest,
  overview: boolean,
): Frame {
  const { heads } = header.frame;
  const selection = selectionOf(heads, request);
  const units = unitsShown(header, selection.words);
  const tokens = queryOf(header, request);
  const query = unitsAround(units, tokens);
  const shown = shownMap(header, maps, selection);
  const small = shown === null && isPlain(selection) ? smallMap(maps, selection) : null;
  const size = units.tokens.pieces.length;
  const factor = small?.factor ?? Math.ceil(size / largestSide);
  const matrix = small ?? (shown && pooled(shown, factor));
  const facts = factsOf(header, selection, shown);
  const vectors = savedVectors(header, maps, selection, tokens) ?? vectorsOf(shown, query);
  if (facts === null || matrix === null || vectors === null) throw new NotSaved(header.missing);
  const stepped = shown?.stepped !== false;
  const shape = [matrix.size, matrix.size];
  const dtype = stepped ? "u8" : size <= keptWhole ? "f32" : "f16";
  return {
    header: {
      ...header.frame,
      tokens: units.tokens,
      key_tokens: null,
      ...facts,
      recipe: `${facts.recipe}${poolingNote(factor, selection.words)}${stepped ? header.note : ""}`,
      layer: selection.layer,
      head: selection.head,
      chosen: selection.chosen,
      units: units.ranges,
      key_units: null,
      hidden: shown?.hidden ?? 0,
      norms: header.normless === null,
      query,
      direction: request.direction,
      source: request.source,
      caution: cautionOf(header, selection),
      predictions: predicted(header, units, tokens[1] - 1),
      pooling: factor,
      timing: { trace: 0, frame: 0 },
      blocks: [{ name: "matrix", dtype, shape, offset: 0 }],
    },
    matrix: { shape, data: matrix.values },
    ...vectors,
    thumbnails: overview ? maps.thumbnails() : null,
    previews: overview ? previews(header, maps, selection, tokens, request.direction) : null,
  };
}

/** What is predicted at a token, or of the whole text. */
export function predictionsAt({ predictions }: SavedHeader, token: number): Predictions | null {
  return predictions[predictions.length === 1 ? 0 : token] ?? null;
}

function predicted(header: SavedHeader, units: Units, token: number): Predictions | null {
  const found = predictionsAt(header, token);
  if (found === null || found.position === null) return found;
  return { ...found, position: unitsAround(units, [token, token + 1])[0] };
}

function queryOf({ frame: { tokens } }: SavedHeader, { caret, field = 0, query }: FrameRequest): Span {
  const there = tokens.fields === undefined ? field === 0 : tokens.fields.includes(field);
  if (caret !== undefined && there) return tokensAt(tokens, caret, field);
  return clamped(query ?? [-1, 0], tokens.pieces.length);
}

/** What is said of a map: by the kernel where it was asked, else by the map itself. */
function factsOf(header: SavedHeader, selection: Selection, shown: ShownMap | null) {
  const name = factsName(selection);
  if (name !== null) return header.facts[name] ?? null;
  if (shown === null) return null;
  const { sinks, units, hidden } = shown;
  const { peak, stats, sums } = scan(shown, units.tokens, header.frame.causal, sinks);
  return {
    title: titleOf(header, selection),
    recipe: recipeOf(header, selection, sums, hidden),
    sinks,
    peak,
    // Of a map without its sinks, what was on them.
    stats: selection.sinks === "show" ? stats : { ...stats, sink: hidden },
  };
}

function smallMap(maps: Maps, { source, chosen }: Selection) {
  const [only] = chosen;
  return source === "head" && chosen.length === 1 && only !== undefined ? maps.small(only) : null;
}

type Vectors = Pick<Frame, "row" | "column">;

/** Row and column of the query that was saved: exact, in every head. Null for any other, and where anything was changed. */
function savedVectors(header: SavedHeader, maps: Maps, selection: Selection, query: Span): Vectors | null {
  if (selection.source === "rollout" || !isPlain(selection) || !sameSpan(query, header.query)) return null;
  const heads = headsRead(header.frame.heads, selection);
  const row = maps.vector(heads, selection.fusion, query, "reads");
  const column = maps.vector(heads, selection.fusion, query, "read_by");
  return row && column && { row, column };
}

function vectorsOf(map: ShownMap | null, query: Span): Vectors | null {
  return map && { row: rowOf(map, query), column: columnOf(map, query) };
}

/** The query's row, or column, of every head as bytes on a square-root scale; null where one is missing, or as in the kernel. */
function previews(
  header: SavedHeader,
  maps: Maps,
  selection: Selection,
  tokens: Span,
  direction: Direction,
): Frame["previews"] {
  const { heads } = header.frame;
  const plain = isPlain(selection);
  const units = unitsShown(header, selection.words);
  const [most, size] = [Math.max(...heads), units.tokens.pieces.length];
  if (header.frame.tokens.pieces.length > keptWhole && (direction === "read_by" || !plain)) return null;
  const data = new Uint8Array(heads.length * most * size);
  for (const [layer, head] of heads.flatMap((_, layer) => layerHeads(heads, layer))) {
    const one = plain ? null : shownMap(header, maps, alone(selection, layer, head));
    const vector = plain
      ? maps.vector([[layer, head]], "mean", tokens, direction)
      : one && vectorOf(one, unitsAround(units, tokens), direction);
    if (vector === null) return null;
    data.set(vector.map(asByte), (layer * most + head) * size);
  }
  return { shape: [heads.length, most, size], data };
}
