// Edits as text: "hide 4..6", "silence L5H3 by mean", "cut 9 reads 4 in L5H3", "paint L5H3 uniform". The mirror of
// attnwidget/engine/edits/notation.py; tests/fixtures/edits.json holds both to the same texts.

import { type Cut, type Edit, type Heads, inOrder, nameOf, type Paint, type Pattern } from "./records";

/** What a text says, or why it says nothing. */
export type Said = { readonly edit: Edit } | { readonly problem: string };

const tokens = String.raw`\d{1,9}(?:\.\.\d{1,9})?(?:\s*,\s*\d{1,9}(?:\.\.\d{1,9})?)*`;
const head = String.raw`L-?\d{1,9}(?:H-?\d{1,9})?`;
const part = String.raw`(?:(?<part>[a-z]\w*)\s+)?`;

const forms = {
  hide: String.raw`${part}(?<tokens>${tokens})(?:\s+from\s+(?<start>\d{1,9}))?`,
  silence: String.raw`${part}(?<head>${head})(?:\s+by\s+(?<by>zero|mean))?`,
  cut: String.raw`(?<queries>\*|${tokens})\s+reads\s+(?<keys>${tokens})(?:\s+in\s+(?:${part}(?<heads>${head}(?:\s*,\s*${head})*)|(?<whole>[a-z]\w*)))?(?<loose>\s*,\s*without\s+renormalising)?`,
  paint: String.raw`${part}(?<head>${head})\s+(?:(?<pattern>uniform|identity|previous)|shuffled\s+(?<seed>\d{1,9}))`,
} as const;

export const writtenLike: Readonly<Record<Edit["kind"], string>> = {
  hide: "'hide 4', 'hide 4..6' or 'hide 4 from 9'",
  silence: "'silence L5H3', 'silence L5' or 'silence L5H3 by mean'",
  cut: "'cut 9 reads 4', 'cut 9 reads 4..6 in L5H3' or 'cut * reads 0 in L5, without renormalising'",
  paint: "'paint L5H3 uniform', 'identity', 'previous' or 'shuffled 7'",
};

const longest = 1_000_000;

export function readEdit(text: string): Said {
  const [word = "", ...rest] = text.trim().split(" ");
  if (!isKind(word))
    return { problem: `An edit begins with hide, silence, cut or paint: for example ${writtenLike.hide}.` };
  const found = new RegExp(`^(?:${forms[word]})$`).exec(rest.join(" ").trim());
  if (found === null) return { problem: `Write it like ${writtenLike[word]}.` };
  try {
    return { edit: made[word](found.groups ?? {}) };
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

export function isKind(word: string): word is Edit["kind"] {
  return Object.hasOwn(forms, word);
}

type Groups = Readonly<Record<string, string | undefined>>;

const made: { readonly [Kind in Edit["kind"]]: (said: Groups) => Edit } = {
  hide: ({ part = null, tokens, start = "0" }) => ({
    kind: "hide",
    part,
    tokens: numbers(tokens),
    start: Number(start),
  }),
  silence: ({ part = null, head, by }) => ({
    kind: "silence",
    part,
    ...place(head),
    by: by === "mean" ? "mean" : "zero",
  }),
  cut: ({ part, whole, queries, keys, heads, loose }) => ({
    kind: "cut",
    part: part ?? whole ?? null,
    queries: queries === "*" ? null : numbers(queries),
    keys: numbers(keys),
    heads: heads === undefined ? [] : heads.split(/\s*,\s*/).map(headsOf),
    renormalise: loose === undefined,
  }),
  paint: ({ part = null, head, pattern = "shuffled", seed = "0" }) => ({
    kind: "paint",
    part,
    ...place(head),
    pattern: pattern as Pattern,
    seed: Number(seed),
  }),
};

function headsOf(name: string): Heads {
  const [, layer, head] = /^L(-?\d+)(?:H(-?\d+))?$/.exec(name) ?? [];
  // No zero with a sign.
  return [Number(layer) + 0, head === undefined ? null : Number(head) + 0];
}

function place(name = "") {
  const [layer, head] = headsOf(name);
  return { layer, head };
}

function numbers(said = ""): readonly number[] {
  const found: number[] = [];
  for (const one of said.split(/\s*,\s*/)) {
    const [first = 0, last = first] = one.split("..").map(Number);
    if (last < first) throw new RangeError(`'${one}' is not a range: its end is before its beginning.`);
    if (last - first > longest) throw new RangeError(`'${one}' names more than 1,000,000 tokens.`);
    for (let number = first; number <= last; number++) found.push(number);
  }
  return inOrder(found);
}

/** An edit as it is written. */
export function textOf(edit: Edit): string {
  const before = edit.part === null ? "" : `${edit.part} `;
  switch (edit.kind) {
    case "hide":
      return `hide ${before}${ranges(edit.tokens)}${edit.start > 0 ? ` from ${edit.start}` : ""}`;
    case "silence":
      return `silence ${before}${nameOf(edit.layer, edit.head)}${edit.by === "mean" ? " by mean" : ""}`;
    case "cut":
      return textOfCut(edit, before);
    case "paint":
      return `paint ${before}${nameOf(edit.layer, edit.head)} ${patternOf(edit)}`;
  }
}

function textOfCut({ queries, keys, heads, part, renormalise }: Cut, before: string): string {
  const names = heads.map(([layer, head]) => nameOf(layer, head)).join(", ");
  const where = names !== "" || part !== null ? ` in ${before}${names}`.trimEnd() : "";
  const loose = renormalise ? "" : ", without renormalising";
  return `cut ${queries === null ? "*" : ranges(queries)} reads ${ranges(keys)}${where}${loose}`;
}

function patternOf({ pattern, seed }: Paint): string {
  return pattern === "shuffled" ? `shuffled ${seed}` : pattern;
}

/** Numbers as they are written: ranges include both ends. */
export function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}..${last}`)).join(", ");
}
