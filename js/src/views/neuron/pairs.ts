import { computed, type Signal, signal } from "@preact/signals";
import type { View } from "../../display/view";
import { fullOfMap, type MapOnShow, peakOf } from "../../focus/maps";
import { fullTone, type ToneScale } from "../../lib/colour";
import { oneForEach } from "../../lib/one-for-each";
import type { Wish } from "../../session/answers/follow";
import { keyOf, type Memory } from "../../session/answers/memory";
import type { HeadRef } from "../../session/places";
import type { Session } from "../../session/session";
import { textsOf, unitsOf } from "../../session/shown";
import { toTokens, toUnits } from "../../session/units";
import type { Neuron, NeuronRequest } from "../../wire/neuron";
import type { Span } from "../../wire/types";

/** In which order keys stand: by their weight, or as they are read. */
export type KeyOrder = "strongest" | "reading";

/** What is known of one query of one head: every step of all keys, and the vectors that have come so far. */
export interface Pairs extends Omit<Neuron, "k" | "keys"> {
  readonly vectors: ReadonlyMap<number, Float32Array>;
}

/** A request without its keys: those are told from what is in sight. */
export type PairsRequest = Omit<NeuronRequest, "keys">;

/** What was asked about single heads' q and k, by every view of a session. */
export class Neurons {
  readonly order: Signal<KeyOrder> = signal("strongest");
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Reads signals. */
  at(request: PairsRequest): Pairs | null {
    return this.#memory.get<Pairs>("neuron", pairsKey(request)) ?? null;
  }

  /** Why they cannot be had. Reads signals. */
  problem(request: PairsRequest): string | null {
    return this.#memory.problem("neuron", askedKey(request));
  }

  /** Keys whose vectors are still to be asked for; null where nothing is. Reads signals. */
  missing(request: PairsRequest, keys: readonly number[]): readonly number[] | null {
    const known = this.at(request);
    const missing = keys.filter((key) => known?.vectors.has(key) !== true);
    return known !== null && missing.length === 0 ? null : missing;
  }

  /** What would be asked of some keys. Two views that want other keys of the same ones wait for each other: what comes is joined. */
  wish(request: PairsRequest, keys: readonly number[]): Wish {
    const key = pairsKey(request);
    const asked: NeuronRequest = { ...request, keys };
    return {
      kind: "neuron",
      key: askedKey(request),
      request: asked,
      keep: (reply: Neuron) =>
        this.#memory.put("neuron", key, joined(this.#memory.peek<Pairs>("neuron", key), reply)),
    };
  }
}

function pairsKey(request: PairsRequest): string {
  return keyOf(request, request.layer, request.head, request.part, request.query[0]);
}

/** What is being asked has a key of its own, apart from what is kept. */
function askedKey(request: PairsRequest): string {
  return `${pairsKey(request)} asked`;
}

/** What has come before and what comes now, as long as both are of the same numbers. */
function joined(known: Pairs | undefined, { k, keys, ...told }: Neuron): Pairs {
  const dim = told.q.length;
  const same = known?.q.every((number, index) => number === told.q[index]);
  const vectors = new Map(same === true ? known?.vectors : []);
  keys.forEach((key, index) => {
    vectors.set(key, k.subarray(index * dim, (index + 1) * dim));
  });
  return { ...told, vectors };
}

/** The queries and keys that a session has asked for. */
export const neuronsOf = oneForEach(({ memory }: Session) => new Neurons(memory));

/** What would be asked for a focus, which counts what is shown, and a head. Reads signals. */
export function pairsRequest(session: Session, focus: Span, { layer, head }: HeadRef): PairsRequest | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const [, stop] = tokensIn(session, focus);
  // One softmax is of one query: the last of them has read the others.
  return { ...textsOf(shown), layer, head, part: shown.frame.header.part, query: [stop - 1, stop] };
}

/** The tokens of a focus, which counts what is shown. Reads signals. */
function tokensIn(session: Session, focus: Span): Span {
  const shown = session.shown.value;
  if (shown === null) return focus;
  const { units, key_tokens, direction } = shown.frame.header;
  const pinned = session.traits.query.value;
  const [start, stop] = toUnits(units, pinned);
  // A piece that was asked for stays that piece where its word is shown; of two texts the query may be one of keys.
  const queries = key_tokens == null || direction === "reads";
  const stays = units !== null && queries && start === focus[0] && stop === focus[1];
  return stays ? pinned : toTokens(units, focus);
}

/** The weight of the whole bar: on the scale of the map beside it, or stretched by the row itself where that is of other heads. */
export function fullBeside(
  { layer, head, weight }: Pick<Pairs, "layer" | "head" | "weight">,
  map: MapOnShow | null,
  scale: ToneScale,
): number {
  const alone = map?.source === "head" && map.chosen.length === 1;
  if (alone && map.layer === layer && map.head === head) return fullOfMap(map, scale);
  return fullTone(scale, peakOf(weight));
}

type Weighed = Pick<Pairs, "weight" | "logit">;

/** Sorted once: every move of the pointer asks again. */
const sorted = new WeakMap<Float32Array, readonly number[]>();

/** All keys in the order in which they stand; masked ones last, where the strongest are first. */
export function orderOf(pairs: Weighed, order: KeyOrder): readonly number[] {
  if (order === "reading") return Array.from(pairs.weight.keys());
  const known = sorted.get(pairs.weight);
  if (known !== undefined) return known;
  const found = strongestFirst(pairs);
  sorted.set(pairs.weight, found);
  return found;
}

function strongestFirst({ weight, logit }: Weighed): readonly number[] {
  const masked = (key: number) => Number(logit[key] === Number.NEGATIVE_INFINITY);
  return Array.from(weight.keys()).sort(
    (one, other) =>
      masked(one) - masked(other) || (weight[other] as number) - (weight[one] as number) || one - other,
  );
}

/** The pair that is opened: what is looked at, else what was kept open, else the strongest. */
export function openedKey(pairs: Pairs, ...wanted: readonly (number | null | undefined)[]): number {
  const there = wanted.find((key) => key != null && key < pairs.weight.length);
  return there ?? orderOf(pairs, "strongest")[0] ?? 0;
}

const few = 64;
/** Rows beside those in sight whose vectors are asked for as well. */
const beside = 12;
const firstRows = 32;

export interface Sight {
  /** The rows in sight: the second outside. */
  readonly rows: Span;
  /** A key that must be there, wherever it stands. */
  readonly opened: number | null;
}

/** Keys whose vectors are worth asking for: all of a short text, else what is in sight or will be. */
export function keysWanted(
  pairs: Pairs | null,
  guess: Float32Array | null,
  order: KeyOrder,
  sight: Sight,
): readonly number[] {
  const count = pairs?.weight.length ?? guess?.length ?? 0;
  if (count <= few) return Array.from({ length: count }, (_, key) => key);
  const standing = pairs === null ? guessed(guess as Float32Array, order) : orderOf(pairs, order);
  const [from, to] = sight.rows;
  const rows = standing.slice(Math.max(0, from - beside), Math.max(firstRows, to + beside));
  return sight.opened === null || rows.includes(sight.opened) ? rows : [...rows, sight.opened];
}

/** Before anything is known, the weights on show tell which keys will stand first. */
function guessed(weight: Float32Array, order: KeyOrder): readonly number[] {
  return orderOf({ weight, logit: weight }, order);
}

/** The focus in one head, down to q and k: its tokens, what would be asked, of which keys, and what there is of it. */
export const pairsOf = oneForEach(({ session, local, derived }: View) => {
  const focus = computed(() => queryOf(derived.map.value, derived.focus.value, derived.column.value));
  const asked = computed(() => tokensIn(session, focus.value));
  const request = computed(() =>
    pairsRequest(session, focus.value, derived.head.value ?? session.clampedHead()),
  );
  const pairs = computed(() => (request.value === null ? null : neuronsOf(session).at(request.value)));
  const keys = computed(() => {
    const opened = local.pairCell.value?.key ?? local.openKey.value;
    // Words are no keys.
    const guess = unitsOf(session.shown.value) === null ? derived.row.value : null;
    const sight = { rows: local.keyRows.value, opened };
    return keysWanted(pairs.value, guess, neuronsOf(session).order.value, sight);
  });
  return { asked, request, keys, pairs };
});

/** The query that is looked at; of a key of another text, the one that reads it most. */
function queryOf(map: MapOnShow | null, focus: Span, column: Float32Array | null): Span {
  if (map === null || map.square || column === null) return focus;
  const reader = column.indexOf(Math.max(...column));
  return [reader, reader + 1];
}

const rest = 60;

/** The keys whose vectors are looked at and not there. A head or token under the pointer waits until it rests there. Reads signals. */
export function pairsWish(view: View): Wish | null {
  const { session, local } = view;
  const { request: wanted, keys } = pairsOf(view);
  const request = wanted.value;
  const missing = request === null ? null : neuronsOf(session).missing(request, keys.value);
  if (request === null || missing === null) return null;
  const hovered = local.hoverToken.value !== null || local.hoverHead.value !== null;
  const asked = { ...request, asker: local.asker };
  return { ...neuronsOf(session).wish(asked, missing), delay: hovered ? rest : 0 };
}
