import type { ToneScale } from "../lib/colour";
import type { Changes, HeadFusion, HeadPair, Look, MapSource, Traits } from "../wire/types";
import type { HeadRef } from "./places";

export const plainLook: Look = {
  source: "head",
  fusion: "mean",
  words: false,
  sinks: "show",
  weight: "attention",
  layers: "mean",
  shows: "after",
  against: "",
  scale: 1,
  over: "colour",
  size: "normal",
  height: null,
};

const choices: {
  readonly [Part in Exclude<keyof Look, "against" | "scale" | "height">]: readonly Look[Part][];
} = {
  source: ["head", "layer", "rollout"],
  fusion: ["mean", "max"],
  words: [false, true],
  sinks: ["show", "hide", "renormalise"],
  weight: ["attention", "norm"],
  layers: ["mean", "single", "max"],
  shows: ["after", "before", "difference"],
  over: ["colour", "light"],
  size: ["normal", "compact", "projector"],
};

/** As in attnwidget/widget/selection/look.py. */
const leastHeight = 320;

/** A look from outside: every part that cannot be is as it is to begin with. */
export function readLook(value: unknown): Look {
  const told = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const parts = Object.entries(choices).map(([name, possible]) => [
    name,
    (possible as readonly unknown[]).includes(told[name]) ? told[name] : possible[0],
  ]);
  const against = typeof told.against === "string" ? told.against : "";
  const { height } = told;
  return {
    ...(Object.fromEntries(parts) as unknown as Look),
    against,
    scale: readScale(told.scale),
    height: typeof height === "number" && height >= leastHeight ? height : null,
  };
}

/** Of a look from before there was a choice, the usual one. */
function readScale(value: unknown): ToneScale {
  if (value === "stretch") return value;
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : plainLook.scale;
}

/** Pairs of whole numbers from outside; what is none is left out. */
export function readHeads(value: unknown): readonly HeadPair[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (item): item is HeadPair => Array.isArray(item) && item.length === 2 && item.every(Number.isInteger),
  );
}

/** What of a look a request for a map carries beside its source; what is as it was computed is not said. */
export function changesOf({ words, sinks, weight }: Look): Changes {
  return {
    ...(words ? { words } : {}),
    ...(sinks === "show" ? {} : { sinks }),
    ...(weight === "attention" ? {} : { weight }),
  };
}

/** The heads of a request, if several, and how they are fused, if not by their mean. */
export function headsAsked(
  heads: readonly HeadPair[],
  { source, fusion }: Pick<Look, "source" | "fusion">,
): { readonly heads?: readonly HeadPair[]; readonly fusion?: HeadFusion } {
  return {
    ...(heads.length > 1 ? { heads } : {}),
    ...(fusion === "max" && source !== "rollout" ? { fusion } : {}),
  };
}

export function holds(heads: readonly HeadPair[], layer: number, head: number): boolean {
  return heads.some(([one, other]) => one === layer && other === head);
}

/** The chosen heads that the model has, the pinned one among them; any may be there before the model is known. */
export function headsThere(
  chosen: readonly HeadPair[],
  counts: readonly number[],
  { layer, head }: HeadRef,
): readonly HeadPair[] {
  const isThere = ([one, other]: HeadPair) => counts.length === 0 || other < (counts[one] ?? 0);
  const there = chosen.filter(isThere);
  return holds(there, layer, head) ? there : [[layer, head]];
}

/** What the traits become when heads are chosen: the last of them is the pinned one. */
export function chosenPatch(
  heads: readonly HeadPair[],
  look: Look,
  source: MapSource = "head",
): Partial<Traits> {
  const [layer, head] = heads.at(-1) as HeadPair;
  return { heads, layer, head, look: { ...look, source } };
}

/** The heads with one more, or one less; the last one is the one that is pinned. Never none. */
export function toggled(heads: readonly HeadPair[], layer: number, head: number): readonly HeadPair[] {
  if (!holds(heads, layer, head)) return joined(heads, layer, head);
  return heads.length === 1 ? heads : heads.filter(([one, other]) => one !== layer || other !== head);
}

/** The heads with one at their end, whether it was among them or not. */
export function joined(heads: readonly HeadPair[], layer: number, head: number): readonly HeadPair[] {
  const others = heads.filter(([one, other]) => one !== layer || other !== head);
  return [...others, [layer, head] as const].slice(-mostHeads);
}

/** As in attnwidget/frames/frame.py. */
const mostHeads = 64;
