import type { Changes, HeadFusion, HeadPair, Look } from "../wire/types";

export const plainLook: Look = {
  source: "head",
  fusion: "mean",
  words: false,
  sinks: "show",
  weight: "attention",
  layers: "mean",
  against: "",
};

const choices: { readonly [Part in Exclude<keyof Look, "against">]: readonly Look[Part][] } = {
  source: ["head", "layer", "rollout"],
  fusion: ["mean", "max"],
  words: [false, true],
  sinks: ["show", "hide", "renormalise"],
  weight: ["attention", "norm"],
  layers: ["mean", "single", "max"],
};

/** A look from outside: every part that cannot be is as it is to begin with. */
export function readLook(value: unknown): Look {
  const told = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const parts = Object.entries(choices).map(([name, possible]) => [
    name,
    (possible as readonly unknown[]).includes(told[name]) ? told[name] : possible[0],
  ]);
  const against = typeof told.against === "string" ? told.against : "";
  return { ...(Object.fromEntries(parts) as unknown as Look), against };
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

/** The heads of a request, and what becomes of them; nothing is said of one by itself. */
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

/** The heads with one more, or one less; the last one is the one that is pinned. Never none. */
export function toggled(heads: readonly HeadPair[], layer: number, head: number): readonly HeadPair[] {
  if (!holds(heads, layer, head)) return [...heads, [layer, head] as const].slice(-mostHeads);
  return heads.length === 1 ? heads : heads.filter(([one, other]) => one !== layer || other !== head);
}

/** As in attnwidget/frames/frame.py. */
const mostHeads = 64;
