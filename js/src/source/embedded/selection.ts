import type { FrameRequest, HeadFusion, HeadPair, MapSource, StripRequest } from "../../wire/types";

/** Which map is looked at, and how: attnwidget/frames/frame.py. */
export interface Selection {
  readonly source: MapSource;
  readonly layer: number;
  readonly head: number;
  /** One head, or several. */
  readonly chosen: readonly HeadPair[];
  readonly fusion: HeadFusion;
  readonly words: boolean;
  readonly sinks: "show" | "hide" | "renormalise";
  readonly weight: "attention" | "norm";
}

type Asked = Pick<
  FrameRequest,
  "source" | "layer" | "head" | "heads" | "fusion" | "words" | "sinks" | "weight"
>;

/** What a request means. A layer without attention is the nearest one that has some, the lower of two. */
export function selectionOf(heads: readonly number[], asked: Asked): Selection {
  const place = attending(heads, asked);
  const several = asked.heads !== undefined && asked.heads.length > 1 ? asked.heads : null;
  return {
    ...place,
    source: asked.source,
    chosen: several ?? [[place.layer, place.head]],
    fusion: asked.fusion === "max" ? "max" : "mean",
    ...changes(asked),
  };
}

/** The map of one layer that a strip asks about. */
export function selectionOfLayer(asked: StripRequest, layer: number): Selection {
  const one = asked.fusion === "single";
  const head = one ? asked.head : 0;
  return {
    source: one ? "head" : "layer",
    layer,
    head,
    chosen: [[layer, head]],
    fusion: asked.fusion === "max" ? "max" : "mean",
    ...changes(asked),
  };
}

/** One head of a selection, by itself. */
export function alone(selection: Selection, layer: number, head: number): Selection {
  return { ...selection, source: "head", layer, head, chosen: [[layer, head]] };
}

/** Whether the map is shown as it was computed: tokens, attention, sinks and all. */
export function isPlain({ words, sinks, weight }: Selection): boolean {
  return !words && sinks === "show" && weight === "attention";
}

/** The heads that a map is made of; of a rollout all, which it does not say. */
export function headsRead(
  heads: readonly number[],
  { source, layer, chosen }: Selection,
): readonly HeadPair[] {
  return source === "layer" ? layerHeads(heads, layer) : chosen;
}

export function selectionName(selection: Selection): string {
  const { source, layer, chosen, fusion, words, sinks, weight } = selection;
  return [source, source === "layer" ? layer : chosen.join(" "), fusion, words, sinks, weight].join("|");
}

export function layerHeads(heads: readonly number[], layer: number): HeadPair[] {
  return Array.from({ length: heads[layer] ?? 0 }, (_, head) => [layer, head] as const);
}

function changes({ words, sinks, weight }: Pick<Asked, "words" | "sinks" | "weight">) {
  return { words: words === true, sinks: sinks ?? "show", weight: weight ?? "attention" } as const;
}

function attending(
  heads: readonly number[],
  { layer, head }: { readonly layer: number; readonly head: number },
) {
  if ((heads[layer] ?? 0) > 0) return { layer, head };
  const there = heads.flatMap((count, number) => (count > 0 ? [number] : []));
  const nearest = there.reduce(
    (best, other) => (Math.abs(other - layer) < Math.abs(best - layer) ? other : best),
    there[0] ?? 0,
  );
  return { layer: nearest, head: Math.max(0, Math.min((heads[nearest] ?? 1) - 1, head)) };
}
