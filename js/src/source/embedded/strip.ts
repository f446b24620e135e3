import type { Span, Strip, StripRequest } from "../../wire/types";
import { clamped } from "./caret";
import { factsName } from "./frame";
import { layerHeads } from "./heads";
import { type Maps, NotSaved, sameSpan } from "./maps";
import type { SavedHeader } from "./saved";

/** The strip that the kernel would send. Raises NotSaved where a head's map is not in the file. */
export function composeStrip(header: SavedHeader, maps: Maps, request: StripRequest): Strip {
  const { direction, fusion, head } = request;
  const { heads, layers, tokens } = header.frame;
  const size = tokens.pieces.length;
  const query = clamped(request.query, size);
  const values = new Float32Array(layers * size).fill(Number.NaN);
  for (let layer = 0; layer < layers; layer++) {
    const all = layerHeads(heads, layer).filter(([, number]) => fusion !== "single" || number === head);
    if (all.length === 0) continue;
    const vector = maps.vector(all, fusion === "max" ? "max" : "mean", query, direction);
    if (vector === null) throw new NotSaved(header.missing);
    values.set(vector, layer * size);
  }
  const sinks = Array.from({ length: layers }, (_, layer) => {
    if (direction === "read_by") return [];
    if (fusion !== "single") return header.sinks[fusion][layer] ?? [];
    return header.facts[factsName("head", layer, head)]?.sinks ?? [];
  });
  const recipe = words(header, { ...request, query });
  return { layers, tokens: size, query, direction, fusion, head, sinks, recipe, values };
}

/** As attnwidget/frames/words.py has it. */
function words(header: SavedHeader, { query, direction, fusion, head }: StripRequest): string {
  const made = header.frame.path === "eager" ? "the model's own eager maps" : "softmax weights, fp32";
  const name = { mean: "mean of the heads", max: "largest of the heads", single: `head ${head}` }[fusion];
  const reads = direction === "reads";
  const reckoned = header.sampled && reads && fusion !== "single" ? " · sinks by 64 sampled queries" : "";
  const note = sameSpan(query, header.query) ? "" : header.note;
  return `${made}, ${name} in each layer, no renormalisation${spanNote(query, reads)}${reckoned}${note}`;
}

function spanNote([start, stop]: Span, reads: boolean): string {
  return stop - start === 1 ? "" : ` · ${reads ? "mean over" : "sum over"} ${stop - start} tokens`;
}
