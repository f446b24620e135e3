import type { View } from "../display/view";
import { type Chip, chipOf } from "../edits/chips";
import type { Edit, Heads } from "../edits/records";
import { queryAt } from "../focus/pointed";
import type { Touched } from "../focus/pointer";
import { pieceLabel } from "../lib/format";
import { keysOf } from "../session/axes";
import type { HeadRef } from "../session/places";
import type { Session } from "../session/session";
import type { Units } from "../session/units";
import type { Header } from "../wire/types";
import { partOf, type Standing } from "./offers";
import type { Naming } from "./words";

/** What offers rest on, as it is now. */
export function standingOf({ session, derived }: View): Standing | null {
  const shown = session.shown.peek();
  if (shown === null) return null;
  const { header } = shown.frame;
  const { direction } = header;
  const query = queryAt({ session, derived });
  return {
    edits: session.traits.edits.peek(),
    part: header.part,
    parts: header.parts,
    shown: headsShown(session),
    pinned: query?.kind === "tokens" ? { query, reads: direction === "reads" } : null,
    causal: header.causal && header.key_tokens == null,
    asks: canAsk(session, header),
  };
}

const byToken: ReadonlySet<unknown> = new Set(["next token", "this token", "label"]);

/** Whether an answer at one of the queries can be asked about. */
function canAsk(session: Session, { part }: Header): boolean {
  const predicts = session.about.peek()?.model.predicts;
  return session.can("evidence") && byToken.has(predicts) && ["self", "decoder", "text"].includes(part);
}

/** The heads whose map is on show; none for that of all layers. */
function headsShown(session: Session): readonly Heads[] {
  const source = session.source.peek();
  if (source === "rollout") return [];
  return source === "layer" ? [[session.clampedHead().layer, null]] : session.chosenHeads();
}

/** Says the words of tokens by their numbers: of the tokens that a part counts. Reads signals. */
export function namingOf(session: Session, part: string | null): Naming {
  const shown = session.shown.value;
  if (shown === null) return () => "";
  const { header } = shown.frame;
  const sides = { query: axisOf(header, part, "query"), key: axisOf(header, part, "key") };
  return (token, side) => {
    const axis = sides[side];
    if (axis === null) return "";
    const unit = axis.units === null ? token : axis.units.findIndex(([, stop]) => token < stop);
    const piece = axis.pieces[unit];
    return piece === undefined ? "" : pieceLabel(piece);
  };
}

interface Axis {
  readonly pieces: readonly string[];
  readonly units: Units;
}

/** The tokens that an edit of a part counts on one side of it, where they are on show. */
function axisOf(header: Header, part: string | null, side: "query" | "key"): Axis | null {
  const queries = { pieces: header.tokens.pieces, units: header.units };
  const keys = {
    pieces: keysOf(header).pieces,
    units: header.key_tokens == null ? header.units : (header.key_units ?? null),
  };
  if (part === null || part === header.part) return side === "query" ? queries : keys;
  // Another part than the one on show: where its tokens are on one of the axes, they are known.
  const wanted = partOf(side, { part, parts: header.parts });
  if (wanted === partOf("key", header)) return keys;
  return wanted === partOf("query", header) ? queries : null;
}

/** What a chip names, of the part on show. Reads signals. */
export function touchedBy(session: Session, edits: readonly Edit[]): Touched {
  const header = session.shown.value?.frame.header;
  const [queries, keys] = [new Set<number>(), new Set<number>()];
  const heads: Heads[] = [];
  const own = (part: string | null) => header === undefined || part === null || part === header.part;
  for (const edit of edits) {
    if (edit.kind === "hide") {
      if (own(edit.part) || (header !== undefined && edit.part === partOf("key", header)))
        for (const token of edit.tokens) keys.add(token);
      else if (header !== undefined && edit.part === partOf("query", header))
        for (const token of edit.tokens) queries.add(token);
    } else if (!own(edit.part)) continue;
    else if (edit.kind === "cut") {
      for (const token of edit.queries ?? []) queries.add(token);
      for (const token of edit.keys) keys.add(token);
      heads.push(...edit.heads);
    } else heads.push([edit.layer, edit.head]);
  }
  return { queries, keys, heads };
}

/** The chips of an explorer. Reads signals. */
export function chipsOf(session: Session): readonly Chip[] {
  return session.traits.edits.value.map(chipOf);
}

/** What is changed in what is on show; nothing where that is what was before. Reads signals. */
export function editsShown(session: Session): readonly Edit[] {
  const edits = session.shown.value?.asked.edits ?? [];
  if (edits.length === 0 || session.traits.look.value.shows === "before") return [];
  return edits.map((text) => chipOf(text).edit).filter((edit) => edit !== null);
}

/** Those of them that are of the part on show. Reads signals. */
export function editsOfPart(session: Session): readonly Edit[] {
  const part = session.shown.value?.frame.header.part;
  return editsShown(session).filter((edit) => edit.part === null || edit.part === part);
}

/** The heads that are meant, of those that there are: all of a layer where none is named, and counted from either end. */
export function refsOf([layer, head]: Heads, counts: readonly number[]): readonly HeadRef[] {
  const own = layer < 0 ? layer + counts.length : layer;
  const count = counts[own] ?? 0;
  if (head === null) return Array.from({ length: count }, (_, one) => ({ layer: own, head: one }));
  const one = head < 0 ? head + count : head;
  return one >= 0 && one < count ? [{ layer: own, head: one }] : [];
}
