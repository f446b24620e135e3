import { computed } from "@preact/signals";
import { oneForEach } from "../lib/one-for-each";
import type { Wish } from "../session/answers/follow";
import { keyOf } from "../session/answers/memory";
import { othersOf } from "../session/axes";
import type { Session } from "../session/session";
import { textsOf, unitsOf } from "../session/shown";
import { toTokens, toUnits } from "../session/units";
import type { Direction, Frame, Fusion, Span, Strip, StripRequest } from "../wire/types";
import type { Derived } from "./derived";
import { readPreview } from "./maps";
import type { Local } from "./pointer";

interface Looked {
  readonly session: Session;
  readonly local: Local;
  readonly derived: Derived;
}

/** One query through all layers as it is on show: exact, or for a moment from the bytes of a frame. */
export interface StripOnShow extends Omit<Strip, "sinks" | "tokens"> {
  readonly count: number;
  readonly exact: boolean;
  readonly causal: boolean;
  readonly sinks: readonly ReadonlySet<number>[];
  /** Top of the scale: the largest weight outside the sinks; of changes the size. */
  readonly peak: number;
}

/** What is asked for a focus, which counts what is shown and looks in a direction. Reads signals. */
export function stripWish(
  session: Session,
  focus: Span,
  direction: Direction,
  head: number,
): Wish<"strip", StripRequest> | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { part } = shown.frame.header;
  const { words, sinks, weight, shows } = shown.asked;
  const fusion = session.traits.look.value.layers;
  const query = toTokens(unitsOf(shown, direction), focus);
  const request: StripRequest = {
    ...textsOf(shown),
    query,
    part,
    direction,
    fusion,
    head,
    ...(words && { words }),
    ...(sinks && { sinks }),
    ...(weight && { weight }),
    ...(shows && { shows }),
  };
  // The other heads do not matter to what is fused from all of them.
  const one = fusion === "single" ? head : 0;
  const key = keyOf(request, query, part, direction, fusion, one, words, sinks, weight, shows);
  return { kind: "strip", key, request };
}

/** The strip of a wish: the kernel's, or a first sight of it from the frame; null where neither is there. Reads signals. */
export function stripAt(session: Session, wish: Wish<"strip", StripRequest> | null): StripOnShow | null {
  const frame = session.shown.value?.frame;
  if (wish === null || frame === undefined) return null;
  const { value: known } = session.memory.answer(wish);
  if (known !== undefined && known.tokens === othersOf(frame.header, wish.request.direction).pieces.length)
    return onShow(known, frame.header.causal, true);
  const first = firstSight(frame, wish.request);
  return first === null ? null : onShow(first, frame.header.causal, false);
}

function onShow(strip: Strip, causal: boolean, exact: boolean): StripOnShow {
  const { sinks: listed, tokens, ...rest } = strip;
  const sinks = listed.map((found) => new Set(found));
  return { ...rest, sinks, count: tokens, causal, exact, peak: peakOf(strip.values, tokens, sinks) };
}

/** As in the text's heat: sinks are past the scale, unless there is nothing else to read. */
function peakOf(values: Float32Array, count: number, sinks: readonly ReadonlySet<number>[]): number {
  let peak = 0;
  let all = 0;
  values.forEach((value, index) => {
    const weight = Math.abs(value);
    if (weight > all) all = weight;
    if (weight > peak && !sinks[Math.floor(index / count)]?.has(index % count)) peak = weight;
  });
  return peak > 0 ? peak : all;
}

/** The query's row, or column, of every head has come with the frame, in bytes. */
function firstSight(frame: Frame, request: StripRequest): Strip | null {
  const { query, direction, heads, sinks, units, key_tokens, key_units } = frame.header;
  const keys = key_tokens != null && direction === "read_by";
  const asked = toUnits((keys ? key_units : units) ?? null, request.query);
  const same = query[0] === asked[0] && query[1] === asked[1];
  if (frame.previews === null || !same || direction !== request.direction) return null;
  // What is done to heads once they are fused is not done to each of them before; nor is a span's mean taken then.
  const early = request.fusion === "max" && query[1] - query[0] > 1;
  if (request.fusion !== "single" && (early || request.sinks !== undefined || request.weight !== undefined))
    return null;
  const count = othersOf(frame.header, direction).pieces.length;
  const values = new Float32Array(heads.length * count).fill(Number.NaN);
  heads.forEach((number, layer) => {
    const chosen = request.fusion === "single" ? [request.head] : Array.from({ length: number }, (_, i) => i);
    const vectors = chosen
      .filter((head) => head < number)
      .map((head) => readPreview(frame.previews, layer, head));
    if (vectors.length > 0) values.set(fuse(vectors, request.fusion, count), layer * count);
  });
  const found = direction === "reads" ? sinks : [];
  const recipe = "A preview in 256 steps; the exact weights are on their way.";
  return {
    ...request,
    query,
    layers: heads.length,
    tokens: count,
    sinks: heads.map(() => found),
    recipe,
    values,
  };
}

function fuse(vectors: readonly (Float32Array | null)[], fusion: Fusion, count: number): Float32Array {
  const fused = new Float32Array(count);
  for (const vector of vectors) {
    vector?.forEach((weight, token) => {
      const before = fused[token] as number;
      fused[token] = fusion === "max" ? Math.max(before, weight) : before + weight / vectors.length;
    });
  }
  return fused;
}

const rest = 60;

/** The focus through all layers: what is asked, and what there is of it. A token under the pointer waits until it rests there. */
export const stripOf = oneForEach(({ session, local, derived }: Looked) => {
  const wish = computed(() => {
    const number = local.hoverHead.value?.head ?? session.clampedHead().head;
    const found = stripWish(session, derived.focus.value, derived.direction.value, number);
    const delay = local.hoverToken.value === null ? 0 : rest;
    return found && { ...found, request: { ...found.request, asker: local.asker }, delay };
  });
  return { wish, strip: computed(() => stripAt(session, wish.value)) };
});

/** Chooses a layer, where it has attention. */
export function pinLayer({ session }: Pick<Looked, "session">, layer: number): void {
  if ((session.heads.peek()[layer] ?? 0) === 0) return;
  // The mean of a layer stays one: only the layer is chosen.
  const source = session.source.peek() === "layer" ? "layer" : "head";
  session.pinHead(layer, session.clampedHead().head, source);
}

/** Whether a token can be looked at from the query at all. */
export function isVisible(
  { causal, direction, query }: Pick<StripOnShow, "causal" | "query"> & { readonly direction: Direction },
  token: number,
): boolean {
  if (!causal) return true;
  return direction === "reads" ? token < query[1] : token >= query[0];
}
