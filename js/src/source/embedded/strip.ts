import type { Span, Strip, StripRequest } from "../../wire/types";
import { clamped } from "./caret";
import { type Maps, NotSaved, sameSpan } from "./maps/maps";
import { shownMap } from "./maps/shown";
import { unitsAround, unitsShown } from "./maps/units";
import { vectorOf } from "./maps/vectors";
import type { SavedHeader } from "./saved";
import { headsRead, isPlain, selectionOfLayer } from "./selection";
import { factsName, stripRecipe } from "./words";

/** The strip that the kernel would send. Raises NotSaved where a head's map is not in the file. */
export function composeStrip(header: SavedHeader, maps: Maps, request: StripRequest): Strip {
  const { direction, fusion, head } = request;
  const { heads, layers } = header.frame;
  const units = unitsShown(header, request.words === true);
  const size = units.tokens.pieces.length;
  const asked = { ...request, query: clamped(request.query, header.frame.tokens.pieces.length) };
  const query = unitsAround(units, asked.query);
  const values = new Float32Array(layers * size).fill(Number.NaN);
  const there = heads.map((count) => count > 0 && (fusion !== "single" || head < count));
  const found = there.map((one, layer) => (one ? ofLayer(header, maps, asked, layer, query) : null));
  found.forEach((one, layer) => {
    if (one !== null) values.set(one.vector, layer * size);
  });
  const shown = found.filter((one) => one !== null);
  const hidden = shown.reduce((sum, one) => sum + one.hidden / shown.length, 0);
  const recipe = stripRecipe(header, asked, selectionOfLayer(asked, 0), hidden);
  const exact = sameSpan(asked.query, header.query) && isPlain(selectionOfLayer(asked, 0));
  return {
    layers,
    tokens: size,
    query,
    direction,
    fusion,
    head,
    sinks: found.map((one) => one?.sinks ?? []),
    recipe: `${recipe}${exact ? "" : header.note}`,
    values,
  };
}

function ofLayer(header: SavedHeader, maps: Maps, asked: StripRequest, layer: number, query: Span) {
  const selection = selectionOfLayer(asked, layer);
  const plain = isPlain(selection);
  const shown = plain ? null : shownMap(header, maps, selection);
  const vector = plain
    ? maps.vector(headsRead(header.frame.heads, selection), selection.fusion, asked.query, asked.direction)
    : shown && vectorOf(shown, query, asked.direction);
  if (vector === null) throw new NotSaved(header.missing);
  const known =
    asked.fusion === "single"
      ? header.facts[factsName(selection) ?? ""]?.sinks
      : header.sinks[asked.fusion][layer];
  const sinks = asked.direction === "read_by" ? [] : (shown?.sinks ?? known ?? []);
  return { vector, sinks, hidden: shown?.hidden ?? 0 };
}
