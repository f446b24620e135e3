import type { StripRequest } from "../../wire/types";
import type { SavedHeader } from "./saved";
import { isPlain, layerHeads, type Selection } from "./selection";

// The words beside a map, as attnwidget/frames/words.py has them.

const eager = "the model's own eager maps";
/** Heads that a title names. */
const named = 6;

/** The name of a map that the kernel has described; null for one that it has not. */
export function factsName(selection: Selection): string | null {
  const { source, layer, head, chosen, fusion } = selection;
  if (!isPlain(selection)) return null;
  if (source === "rollout") return "rollout";
  if (source === "layer") return fusion === "mean" ? `${layer}` : null;
  return chosen.length === 1 ? `${layer} ${head}` : null;
}

export function titleOf({ frame, facts }: SavedHeader, selection: Selection): string {
  const { source, layer, head, chosen, fusion } = selection;
  const { part, heads } = frame;
  if (source === "rollout") return facts.rollout?.title ?? "Rollout";
  const owner = part === "self" ? "Layer" : `${capital(part)} layer`;
  if (source === "layer") return `${owner} ${layer} · ${fusion} of ${layerHeads(heads, layer).length} heads`;
  if (chosen.length === 1) return `${owner} ${layer} · Head ${head}`;
  const names = chosen.map(([number, one]) => `L${number}H${one}`);
  const listed = names.length <= named ? names.join(", ") : `${names.length} heads`;
  return part === "self" ? `${capital(fusion)} of ${listed}` : `${capital(part)} · ${fusion} of ${listed}`;
}

export function recipeOf(
  { frame, facts }: SavedHeader,
  selection: Selection,
  sums: readonly [number, number],
  hidden: number,
): string {
  const [low, high] = sums.map((sum) => sum.toFixed(3));
  const rows = low === high ? `rows sum to ${low}` : `rows sum to ${low} to ${high}`;
  const made =
    selection.source === "rollout"
      ? rolledOut(facts.rollout?.recipe, selection)
      : read(frame.path, selection);
  const edits = selection.source === "rollout" ? "" : withEdits(frame);
  return `${made}${changed(selection, hidden)}${edits} · ${rows}`;
}

function withEdits({ edits = [] }: SavedHeader["frame"]): string {
  return edits.length === 0 ? "" : ` · with ${edits.join("; ")}`;
}

/** What the kernel said of the plain one, but for its sums. */
function rolledOut(recipe: string | undefined, { weight }: Selection): string {
  const made = (recipe ?? "rollout").replace(/ · rows sum to .*$/, "");
  return `${made}${weight === "norm" ? ", from attention alone: norms of values are not included" : ""}`;
}

export function poolingNote(factor: number, words: boolean): string {
  const things = words ? "words" : "tokens";
  return factor === 1 ? "" : ` · a cell is the maximum over ${factor} x ${factor} ${things}`;
}

export function cautionOf({ cautions }: SavedHeader, { source, chosen, fusion }: Selection): string {
  const several = source === "head" && chosen.length > 1;
  const largest = fusion === "max" && (several || source === "layer");
  return (cautions[largest ? "max" : several ? "heads" : source] ?? "") as string;
}

/** `request.query` counts tokens. */
export function stripRecipe(
  { frame, sampled }: SavedHeader,
  request: StripRequest,
  selection: Selection,
  hidden: number,
): string {
  const { query, direction, fusion, head } = request;
  const made = frame.path === "eager" ? eager : `softmax weights${weighted(selection)}, fp32`;
  const name = { mean: "mean of the heads", max: "largest of the heads", single: `head ${head}` }[fusion];
  const reads = direction === "reads";
  const tokens = query[1] - query[0];
  const span = tokens === 1 ? "" : ` · ${reads ? "mean over" : "sum over"} ${tokens} tokens`;
  const reckoned = sampled && reads && selection.sinks === "show" ? " · sinks by 64 sampled queries" : "";
  return `${made}, ${name} in each layer, ${rowsOf(selection)}${changed(selection, hidden)}${withEdits(frame)}${span}${reckoned}`;
}

function read(path: string, selection: Selection): string {
  const { source, chosen, fusion } = selection;
  const fused = fusion === "mean" ? "mean" : "largest";
  const one = source === "head" && chosen.length === 1;
  const several = source === "head" ? `${chosen.length} heads` : "the heads";
  if (path === "eager")
    return `${eager}, ${one ? "one head" : `${fused} of ${several}`}, ${rowsOf(selection)}`;
  const layer = `, ${fused} of the layer's heads`;
  const heads = one ? " of one head" : source === "head" ? `, ${fused} of ${several}` : layer;
  return `softmax weights${weighted(selection)}${heads}, fp32, ${rowsOf(selection)}`;
}

function weighted({ weight }: Selection): string {
  return weight === "norm" ? " x value norms ||W_O v||" : "";
}

function rowsOf({ weight }: Selection): string {
  return weight === "norm" ? "each row divided by its sum" : "no renormalisation";
}

function changed({ words, sinks }: Selection, hidden: number): string {
  const summed = words ? " · words: sum over their keys, mean over their queries" : "";
  if (sinks === "show") return summed;
  if (hidden === 0) return `${summed} · no sinks to hide`;
  const left = sinks === "renormalise" ? ", the rest of each row divided by its sum" : "";
  return `${summed} · sinks hidden, ${hidden.toFixed(3)} of a row on average${left}`;
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
