import { computed, type ReadonlySignal } from "@preact/signals";
import { fullEffect, type ToneScale, tone, type Way } from "../lib/colour";
import { alone } from "../session/answers/previews";
import { askedOf, type FieldNumber, keysOf, othersOf } from "../session/axes";
import { type Filter, readFilter } from "../session/filter";
import type { HeadRef } from "../session/places";
import type { Session } from "../session/session";
import { unitsFor } from "../session/units";
import type { Changes, Direction, Predictions, Span, Tokens } from "../wire/types";
import { type Field, fieldOf } from "./fields";
import { fading, type Kept, keepOf } from "./kept";
import {
  columnOf,
  fullOfMap,
  type MapOnShow,
  mapOfFrame,
  mapOfThumbnail,
  peakOf,
  rowOf,
  sinksOf,
} from "./maps";
import { type Match, matchesIn } from "./matches";
import { isFolded, type Local } from "./pointer";

export interface Heat {
  /** 0 to 1 by token, on the square-root scale. */
  readonly tones: Float32Array;
  /** Of changes, those that are read less than before; of effects, those that help the answer; null of weights. */
  readonly less: ReadonlySet<number> | null;
  /** The largest weight outside sinks, and the one of the full tone. */
  readonly peak: number;
  readonly full: number;
  readonly sinks: ReadonlySet<number>;
  /** What the filter keeps of it; null where it keeps all. */
  readonly kept: Kept | null;
  /** Whether the tones are of what hiding each token does to the answer. */
  readonly effect: boolean;
}

export interface Ranked {
  readonly token: number;
  readonly weight: number;
}

/** Everything that is worked out from the traits, the frame and the pointer. */
export interface Derived {
  /** The queries, and the keys: the same object where a text reads itself. */
  readonly tokens: ReadonlySignal<Tokens | null>;
  readonly keys: ReadonlySignal<Tokens | null>;
  /** The tokens that the focus is among, and those that it reads, or that read it. */
  readonly asked: ReadonlySignal<Tokens | null>;
  readonly others: ReadonlySignal<Tokens | null>;
  /** What the two text fields show. */
  readonly fields: readonly [ReadonlySignal<Field>, ReadonlySignal<Field>];
  /** Where what is searched stands, in the order of the texts. */
  readonly matches: ReadonlySignal<readonly Match[]>;
  /** The head that is hovered, else the pinned one; null when no single head is looked at. */
  readonly head: ReadonlySignal<HeadRef | null>;
  readonly map: ReadonlySignal<MapOnShow | null>;
  /** The token that is hovered, else the query. */
  readonly focus: ReadonlySignal<Span>;
  /** Which way the focus looks: the map's own, unless a token of the other text is hovered. */
  readonly direction: ReadonlySignal<Direction>;
  /** By key and by query. Of two texts, only the one that the focus has. */
  readonly row: ReadonlySignal<Float32Array | null>;
  readonly column: ReadonlySignal<Float32Array | null>;
  readonly heat: ReadonlySignal<Heat | null>;
  readonly scale: ReadonlySignal<ToneScale>;
  /** The weight of the full tone, in all that is painted of the map on show. */
  readonly full: ReadonlySignal<number>;
  /** What is kept of every row. */
  readonly filter: ReadonlySignal<Filter>;
  /** Whether row and column are the kernel's numbers, and not a thumbnail's or a pooled cell's. */
  readonly certain: ReadonlySignal<boolean>;
  readonly reads: ReadonlySignal<readonly Ranked[]>;
  readonly readBy: ReadonlySignal<readonly Ranked[]>;
  readonly predictions: ReadonlySignal<Predictions | null>;
}

export function derive(session: Session, local: Local): Derived {
  const frame = computed(() => session.shown.value?.frame ?? null);
  const tokens = computed(() => frame.value?.header.tokens ?? null);
  const keys = computed(() => (frame.value === null ? null : keysOf(frame.value.header)));
  let looked: HeadRef | null = null;
  const head = computed(() => {
    const next = headLookedAt(session, local);
    // The same object for the same head: what rests on it stays.
    if (next?.layer !== looked?.layer || next?.head !== looked?.head) looked = next;
    return looked;
  });
  const map = computed(() => mapFor(session, head.value));
  const direction = computed(() => directionOf(session, map.value, local));
  const asked = computed(() => (frame.value === null ? null : askedOf(frame.value.header, direction.value)));
  const others = computed(() =>
    frame.value === null ? null : othersOf(frame.value.header, direction.value),
  );
  const folded = (role: string) => isFolded(local, role);
  const field = (number: FieldNumber) =>
    computed(() => fieldOf(session, direction.value, number, local.drafts[number].value, folded));
  const fields = [field(0), field(1)] as const;
  const matches = computed(() => {
    const wanted = local.wanted.value;
    if (wanted === null) return [];
    return ([0, 1] as const).flatMap((number) => matchesIn(fields[number].value, number, wanted));
  });
  const focus = computed(() => focusOf(map.value, local.hoverToken.value, direction.value));
  const exact = computed(() => exactFor(session, map.value, focus.value, direction.value));
  const row = computed(() => {
    if (map.value === null || !(map.value.square || direction.value === "reads")) return null;
    return exact.value?.row ?? rowOf(map.value, focus.value);
  });
  const column = computed(() => {
    if (map.value === null || !(map.value.square || direction.value === "read_by")) return null;
    return exact.value?.column ?? columnOf(map.value, focus.value);
  });
  const filter = computed(() => readFilter(session.traits.filter.value));
  const scale = computed(() => session.traits.look.value.scale);
  const full = computed(() => (map.value === null ? 1 : fullOfMap(map.value, scale.value)));
  const heat = computed(() => {
    if (session.effects.heat.value && session.answers.value) return effectHeat(session, direction.value);
    const weights = direction.value === "reads" ? row.value : column.value;
    return heatOf(map.value, weights, direction.value, filter.value, full.value);
  });
  const certain = computed(
    () => map.value?.exact === true && (exact.value !== null || map.value.pooling === 1),
  );
  const reads = computed(() => strongest(row.value, keys.value));
  const readBy = computed(() => strongest(column.value, tokens.value));
  const predictions = computed(() => predictionsFor(session, local.hoverToken.value, direction.value));
  return {
    tokens,
    keys,
    asked,
    others,
    fields,
    matches,
    head,
    map,
    focus,
    direction,
    row,
    column,
    heat,
    scale,
    full,
    filter,
    certain,
    reads,
    readBy,
    predictions,
  };
}

function headLookedAt(session: Session, { hoverHead }: Local): HeadRef | null {
  if (hoverHead.value !== null) return hoverHead.value;
  const one = session.source.value === "head" && session.chosenHeads().length === 1;
  return one ? session.clampedHead() : null;
}

function mapFor(session: Session, head: HeadRef | null): MapOnShow | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { header } = shown.frame;
  const one = header.source === "head" && header.chosen.length === 1;
  if (head === null || (one && header.layer === head.layer && header.head === head.head))
    return mapOfFrame(shown.frame);
  const preview = session.previews.frameOf(alone(head));
  if (preview !== undefined) return mapOfFrame(preview);
  // Thumbnails are of attention, token by token.
  const first = isPlain(shown.asked) ? mapOfThumbnail(shown.frame, head) : null;
  return first ?? mapOfFrame(shown.frame);
}

function isPlain({ words, sinks, weight, shows }: Changes): boolean {
  return words === undefined && sinks === undefined && weight === undefined && shows === undefined;
}

function directionOf(session: Session, map: MapOnShow | null, local: Local): Direction {
  if (map === null) return session.traits.direction.value;
  if (map.square || local.hoverToken.value === null || local.hoverSide.value === null) return map.direction;
  return local.hoverSide.value === "query" ? "reads" : "read_by";
}

function focusOf(map: MapOnShow | null, hovered: number | null, direction: Direction): Span {
  if (map === null) return [0, 0];
  const count = direction === "reads" ? map.queries : map.keys;
  if (hovered !== null && hovered < count) return [hovered, hovered + 1];
  return map.query;
}

interface Vectors {
  readonly row: Float32Array | null;
  readonly column: Float32Array | null;
}

/** Vectors that the kernel computed for this focus, where it did. */
function exactFor(
  session: Session,
  map: MapOnShow | null,
  focus: Span,
  direction: Direction,
): Vectors | null {
  if (map === null) return null;
  const same = focus[0] === map.query[0] && focus[1] === map.query[1];
  if (same && direction === map.direction) return map;
  if (map.pooling === 1) return null;
  return session.previews.frameOf(map, { query: focus, direction }) ?? null;
}

function heatOf(
  map: MapOnShow | null,
  weights: Float32Array | null,
  direction: Direction,
  filter: Filter,
  full: number,
): Heat | null {
  if (map === null || weights === null) return null;
  const sinks = sinksOf(map, direction);
  const peak = peakOf(weights, sinks);
  const faded = fading(weights, sinks, filter);
  const tones = weights.map((weight, token) => tone(Math.abs(weight), full) * (faded?.[token] ?? 1));
  const kept = faded === null ? null : keepOf(weights, sinks, filter);
  const less = map.signed ? belowZero(weights) : null;
  return { tones, less, effect: false, peak, full, sinks, kept };
}

/** What the tone of a token is of; null of a weight. */
export function wayIn({ less, effect }: Heat, token: number): Way | null {
  if (less === null) return null;
  if (effect) return less.has(token) ? "helps" : "hurts";
  return less.has(token) ? "less" : "more";
}

function belowZero(values: Float32Array): ReadonlySet<number> {
  return new Set(Array.from(values.keys()).filter((token) => (values[token] as number) < 0));
}

/** What the answer rests on, token by token; null where it is not known yet, or these are not the tokens. */
function effectHeat(session: Session, direction: Direction): Heat | null {
  const shown = session.shown.value;
  const known = session.effects.known("tokens");
  if (shown === null || known === null) return null;
  const { frame } = shown;
  if (frame.header.key_tokens !== null && frame.header.key_tokens !== undefined && direction === "read_by")
    return null;
  const units = unitsFor(frame, "read_by");
  const { values } = known.effects;
  const effects = units === null ? values : Float32Array.from(units, (tokens) => sumOf(values, tokens));
  const full = fullEffect(effects);
  const tones = effects.map((effect) => tone(Math.abs(effect), full));
  return { tones, less: belowZero(effects), effect: true, peak: full, full, sinks: nothing, kept: null };
}

const nothing: ReadonlySet<number> = new Set();

function sumOf(values: Float32Array, [start, stop]: Span): number {
  return values.subarray(start, stop).reduce((sum, value) => sum + value, 0);
}

const listed = 5;

function strongest(weights: Float32Array | null, tokens: Tokens | null): readonly Ranked[] {
  if (weights === null || tokens === null) return [];
  const found: Ranked[] = [];
  weights.forEach((weight, token) => {
    const size = Math.abs(weight);
    if (!(size > Math.abs(found[listed - 1]?.weight ?? 0)) || tokens.padding[token] === true) return;
    const place = found.findIndex((one) => Math.abs(one.weight) < size);
    found.splice(place === -1 ? found.length : place, 0, { token, weight });
    found.length = Math.min(found.length, listed);
  });
  return found;
}

function predictionsFor(session: Session, hovered: number | null, direction: Direction): Predictions | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const own = shown.frame.header.predictions;
  if (hovered === null || hovered === own?.position) return own;
  if (shown.frame.header.key_tokens != null && direction === "read_by") return own;
  return session.expected.at(hovered) ?? own;
}
