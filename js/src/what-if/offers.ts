import { chipOf } from "../edits/chips";
import { textOf } from "../edits/notation";
import { type Edit, type Heads, nameOf, patterns } from "../edits/records";
import type { Named, Subject } from "../focus/pointer";
import type { Span } from "../wire/types";

/** Something that a menu does. */
export interface Offer {
  readonly title: string;
  /** The text of the edit, or what comes of it. */
  readonly text: string;
  readonly act:
    | { readonly kind: "add"; readonly edit: Edit }
    | { readonly kind: "remove"; readonly place: number }
    | { readonly kind: "ask"; readonly at: number };
}

/** What offers rest on. */
export interface Standing {
  readonly edits: readonly string[];
  readonly part: string;
  readonly parts: readonly string[];
  /** The heads on show: those chosen, or a layer's. Empty: of all layers. */
  readonly shown: readonly Heads[];
  /** What is pinned, and which way it looks; null where that is not of this text. */
  readonly pinned: { readonly query: Named; readonly reads: boolean } | null;
  readonly causal: boolean;
  /** Whether an answer can be asked about. */
  readonly asks: boolean;
}

/** What a menu is about, and what it offers. */
export function offersFor(subject: Subject, standing: Standing): readonly Offer[] {
  switch (subject.kind) {
    case "head":
      return ofHead([subject.layer, subject.head], standing);
    case "pair":
      return [
        ...cuts(subject.query, subject.key, subject.at === null ? standing.shown : [subject.at], standing),
        hide(subject.key, "key", standing),
        ...asks(subject.query, standing),
      ];
    case "tokens": {
      const { pinned } = standing;
      const other = pinned !== null && pinned.query.tokens[0] !== subject.tokens[0] ? pinned : null;
      const edge =
        other === null
          ? null
          : other.reads
            ? ([other.query, subject] as const)
            : ([subject, other.query] as const);
      return [
        hide(subject, subject.side, standing),
        ...(edge === null ? [] : cuts(edge[0], edge[1], standing.shown, standing)),
        ...asks(subject, standing),
      ];
    }
  }
}

export function headingOf(subject: Subject): string {
  switch (subject.kind) {
    case "head":
      return nameOf(subject.layer, subject.head);
    case "pair":
      return `“${subject.query.name}” reads “${subject.key.name}”`;
    case "tokens":
      return `“${subject.name}” ${numbered(subject.tokens)}`;
  }
}

function ofHead([layer, head]: Heads, standing: Standing): readonly Offer[] {
  const own = { part: standing.parts.length > 1 ? standing.part : null, layer };
  const name = nameOf(layer, head);
  const crossing = standing.part === "cross";
  const silence = (by: "zero" | "mean", of: number | null): Edit => ({
    kind: "silence",
    ...own,
    head: of,
    by,
  });
  return [
    offer(`Silence ${name}`, silence("zero", head), standing),
    offer(`Silence ${name} by its mean`, silence("mean", head), standing),
    offer(`Silence all of layer ${layer}`, silence("zero", null), standing),
    ...patterns
      .filter((pattern) => !crossing || pattern === "uniform" || pattern === "shuffled")
      .map((pattern) =>
        offer(
          `Paint it: ${painted[pattern]}`,
          { kind: "paint", ...own, head, pattern, seed: pattern === "shuffled" ? 1 : 0 },
          standing,
        ),
      ),
  ];
}

const painted = {
  uniform: "all alike",
  identity: "the token itself",
  previous: "the token before",
  shuffled: "its weights shuffled",
} as const;

function hide({ tokens, name }: Named, side: "query" | "key", standing: Standing): Offer {
  const edit: Edit = { kind: "hide", part: partOf(side, standing), tokens: numbersIn(tokens), start: 0 };
  return offer(`Hide “${name}”`, edit, standing);
}

function cuts(query: Named, key: Named, shown: readonly Heads[], standing: Standing): readonly Offer[] {
  // Of a row that has nothing else, nothing can be cut.
  if (standing.causal && (key.tokens[0] >= query.tokens[1] || query.tokens[1] === 1)) return [];
  const cut = (heads: readonly Heads[]): Edit => ({
    kind: "cut",
    part: standing.parts.length > 1 ? standing.part : null,
    queries: numbersIn(query.tokens),
    keys: numbersIn(key.tokens),
    heads,
    renormalise: true,
  });
  const title = `Cut “${query.name}” → “${key.name}”`;
  const names = shown.map(([layer, head]) => nameOf(layer, head)).join(", ");
  const few =
    shown.length > 0 && shown.length <= 4 ? [offer(`${title} in ${names}`, cut(shown), standing)] : [];
  return [...few, offer(`${title} everywhere`, cut([]), standing)];
}

function asks({ tokens, name }: Named, { asks: can }: Standing): readonly Offer[] {
  if (!can) return [];
  const at = tokens[1] - 1;
  return [{ title: `Ask why, after “${name}”`, text: `the answer at #${at}`, act: { kind: "ask", at } }];
}

/** Adds an edit; where it is there and on, takes it back. */
function offer(title: string, edit: Edit, { edits }: Standing): Offer {
  const text = textOf(edit);
  const place = edits.findIndex((one) => one === text || (chipOf(one).on && chipOf(one).text === text));
  return place === -1
    ? { title, text, act: { kind: "add", edit } }
    : { title: `Take back: ${title}`, text, act: { kind: "remove", place } };
}

/** The part whose tokens stand on a side: cross-attention reads those of another one. */
export function partOf(
  side: "query" | "key",
  { part, parts }: Pick<Standing, "part" | "parts">,
): string | null {
  if (parts.length <= 1) return null;
  if (part !== "cross") return part;
  const towers = ["encoder", "vision", "audio"];
  const found =
    side === "key"
      ? towers.find((one) => parts.includes(one))
      : parts.find((one) => one !== "cross" && !towers.includes(one));
  return found ?? part;
}

function numbersIn([start, stop]: Span): readonly number[] {
  return Array.from({ length: stop - start }, (_, index) => start + index);
}

function numbered([start, stop]: Span): string {
  return stop - start === 1 ? `#${start}` : `#${start}–${stop - 1}`;
}
