import { thinLabels } from "../../drawing/labels";
import type { Label, Rect } from "../../drawing/scene";
import { reach, tiltedFoot, tiltedPitch, tilts } from "../../drawing/tilt";
import type { Span } from "../../wire/types";

export interface LayersInput {
  readonly labels: readonly string[];
  readonly layers: number;
  /** Layers without anything to show: without attention, or without the chosen head. */
  readonly silent: ReadonlySet<number>;
  readonly width: number;
  /** How far a long strip is scrolled. */
  readonly offset: number;
  /** Null where it is of another text than the tokens. */
  readonly query: Span | null;
  readonly pinnedLayer: number;
  readonly cell: { readonly layer: number; readonly token: number } | null;
  /** Tokens that matter most to the query. */
  readonly strong: readonly number[];
  readonly measure: (text: string) => number;
  /** How high a long strip may be before it scrolls: less than a screen, when not said. */
  readonly tallest?: number | undefined;
}

/** Tokens to the right and layers downwards; the other way round, and scrolled, where tokens are too many for that. */
export interface LayersScene {
  readonly width: number;
  /** What is seen at once. */
  readonly height: number;
  /** All there is to scroll through. */
  readonly full: number;
  readonly offset: number;
  readonly turned: boolean;
  readonly tilted: boolean;
  readonly count: number;
  readonly layers: number;
  readonly left: number;
  readonly top: number;
  readonly tokenPitch: number;
  readonly layerPitch: number;
  /** Where the picture may be painted. */
  readonly area: Rect;
  readonly tokenLabels: readonly Label[];
  readonly layerLabels: readonly Label[];
  readonly whole: Rect;
  /** The layers without anything to show. */
  readonly notes: readonly Rect[];
  /** Null where they are not outlined. */
  readonly pinned: Rect | null;
  readonly queryBand: Rect | null;
  readonly cross: Rect | null;
}

const gap = 8;
const corner = 44;
const largestCell = 60;
const smallestToken = 12;
const turnedToken = 17;
const largestHeight = 520;
/** Where the stage says how high it may be, layers are as low as that asks, or as high as it lets them be. */
const largestGiven = 640;
const smallestLayer = 11;
const smallestGiven = 3;
const largestLayer = 48;
const largestLayerGiven = 84;

export function layersScene(input: LayersInput): LayersScene {
  const frame = frameOf(input);
  const { cell, pinnedLayer, query } = input;
  const { layers } = frame;
  const every = [0, frame.count] as const;
  const tokens = visibleTokens(frame);
  return {
    ...frame,
    tokenLabels: tokenLabels(input, frame, tokens),
    layerLabels: layerLabels(input, frame),
    whole: rectOf(frame, every, [0, layers]),
    notes: [...input.silent].map((layer) => rectOf(frame, every, [layer, layer + 1])),
    pinned: rectOf(frame, every, [pinnedLayer, pinnedLayer + 1]),
    queryBand: query === null ? null : rectOf(frame, query, [0, layers]),
    cross: cell === null || cell.layer < 0 ? null : cellRect(frame, cell.layer, cell.token),
  };
}

type Frame = Omit<
  LayersScene,
  "tokenLabels" | "layerLabels" | "whole" | "notes" | "pinned" | "queryBand" | "cross"
>;

function frameOf(input: LayersInput): Frame {
  const widths = input.labels.map(input.measure);
  const widest = widths.reduce((most, width) => Math.max(most, width), corner);
  const count = Math.max(1, widths.length);
  const layers = Math.max(1, input.layers);
  const left = corner + gap;
  const pitch = Math.floor(tiltedPitch(input.width - left, widths, largestCell));
  const common = { width: input.width, count, layers };
  if (pitch < smallestToken) return turnedFrame(input, widest, common);
  const tilted = tilts(widest, pitch);
  const top = Math.ceil(tilted ? widest * reach.up + 14 : 30);
  const { tallest } = input;
  const layerPitch =
    tallest === undefined
      ? clamp(Math.floor((largestHeight - top) / layers), smallestLayer, largestLayer)
      : clamp(
          Math.floor((Math.min(tallest, largestGiven) - top - 4) / layers),
          smallestGiven,
          largestLayerGiven,
        );
  const full = top + layers * layerPitch + 4;
  const area = { x: left, y: top, width: count * pitch, height: layers * layerPitch };
  return {
    ...common,
    height: full,
    full,
    offset: 0,
    turned: false,
    tilted,
    left,
    top,
    tokenPitch: pitch,
    layerPitch,
    area,
  };
}

function turnedFrame(
  input: LayersInput,
  widest: number,
  common: Pick<Frame, "width" | "count" | "layers">,
): Frame {
  const left = Math.ceil(widest) + gap + 2;
  const top = 34;
  const layerPitch = Math.max(1, Math.min(largestLayerGiven, (input.width - left - 4) / common.layers));
  const full = top + common.count * turnedToken + 4;
  const height = Math.min(full, input.tallest ?? largestHeight);
  return {
    ...common,
    height,
    full,
    offset: clamp(input.offset, 0, full - height),
    turned: true,
    tilted: false,
    left,
    top,
    tokenPitch: turnedToken,
    layerPitch: layerPitch >= 4 ? Math.floor(layerPitch) : layerPitch,
    area: { x: left, y: top, width: input.width - left, height: height - top - 4 },
  };
}

function visibleTokens({ turned, offset, tokenPitch, count, area }: Frame): [number, number] {
  if (!turned) return [0, count];
  const first = Math.floor(offset / tokenPitch);
  return [first, Math.min(count, Math.ceil((offset + area.height) / tokenPitch))];
}

function tokenLabels(input: LayersInput, frame: Frame, [from, to]: [number, number]): Label[] {
  const { turned, left, top, offset, tokenPitch } = frame;
  const labels: Label[] = [];
  for (let index = from; index < to; index++) {
    const middle = (index + 0.5) * tokenPitch;
    labels.push({
      index,
      text: input.labels[index] ?? "",
      tone: toneOf(index, input),
      ...(turned ? { x: left - gap, y: top + middle - offset } : { x: left + middle, y: top - gap }),
    });
  }
  return labels;
}

function toneOf(token: number, { query, cell, strong }: LayersInput): Label["tone"] {
  const asks = query !== null && token >= query[0] && token < query[1];
  if (asks || token === cell?.token) return "point";
  return strong.includes(token) ? "strong" : "plain";
}

function layerLabels(input: LayersInput, { turned, left, top, layerPitch, layers }: Frame): Label[] {
  const wanted = [input.pinnedLayer, ...(input.cell === null ? [] : [input.cell.layer])];
  return thinLabels(layers, layerPitch, turned ? 17 : 11, wanted).map((index) => ({
    index,
    text: String(index),
    tone: wanted.includes(index) ? ("point" as const) : ("plain" as const),
    ...(turned
      ? { x: left + (index + 0.5) * layerPitch, y: top - 10 }
      : { x: left - gap, y: top + (index + 0.5) * layerPitch }),
  }));
}

/** Some tokens of some layers. */
function rectOf(frame: Frame, [token, tokenStop]: Span, [layer, layerStop]: Span): Rect {
  const { turned, left, top, layerPitch, tokenPitch, offset } = frame;
  const [at, along] = [token * tokenPitch, (tokenStop - token) * tokenPitch];
  const [depth, down] = [layer * layerPitch, (layerStop - layer) * layerPitch];
  return turned
    ? { x: left + depth, y: top + at - offset, width: down, height: along }
    : { x: left + at, y: top + depth, width: along, height: down };
}

export function cellRect(frame: Frame, layer: number, token: number): Rect {
  return rectOf(frame, [token, token + 1], [layer, layer + 1]);
}

export type LayersHit =
  | { readonly kind: "cell"; readonly layer: number; readonly token: number }
  | { readonly kind: "layer"; readonly layer: number }
  | { readonly kind: "token"; readonly token: number };

export function layersHit(scene: LayersScene, x: number, y: number): LayersHit | null {
  const { turned, left, top, tokenPitch, layerPitch, offset } = scene;
  const [forToken, forLayer] = turned ? [y - top + offset, x - left] : [x - left, y - top];
  const token = inside(Math.floor(forToken / tokenPitch), scene.count);
  const layer = inside(Math.floor(forLayer / layerPitch), scene.layers);
  const [beforeTokens, beforeLayers] = turned ? [y < top, x < left] : [x < left, y < top];
  if (beforeTokens) return !beforeLayers && layer !== null ? { kind: "layer", layer } : null;
  if (beforeLayers) {
    const named = turned ? token : tilted(scene, x, y);
    return named === null ? null : { kind: "token", token: named };
  }
  return token === null || layer === null ? null : { kind: "cell", layer, token };
}

function tilted(scene: LayersScene, x: number, y: number): number | null {
  const foot = scene.tilted ? tiltedFoot(x, scene.top - gap - y) : x;
  return inside(Math.floor((foot - scene.left) / scene.tokenPitch), scene.count);
}

function inside(index: number, count: number): number | null {
  return index >= 0 && index < count ? index : null;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** How much of what the query reads, or what reads it, is enough to leave the tokens where they are. */
const enough = 0.9;

/** Where to scroll, so that the query is seen with as much of its weight as can be; null where it is. `weights`: of each token. */
export function revealQuery(
  scene: LayersScene,
  [start, stop]: Span,
  weights: ArrayLike<number>,
): number | null {
  if (!scene.turned) return null;
  const { tokenPitch, count, area, full, height } = scene;
  const seen = Math.max(1, Math.min(count, Math.floor(area.height / tokenPitch)));
  const sums = new Float64Array(count + 1);
  for (let token = 0; token < count; token++) sums[token + 1] = (sums[token] ?? 0) + (weights[token] ?? 0);
  const within = (first: number) => (sums[Math.min(count, first + seen)] ?? 0) - (sums[first] ?? 0);
  const middle = Math.min(start, count - 1) - (seen - Math.min(stop - start, seen)) / 2;
  const firsts = Array.from({ length: count - seen + 1 }, (_, first) => first).filter(
    (first) => first <= start && first + seen >= Math.min(stop, start + seen),
  );
  // Of windows with the same weight the one around the query.
  const best = firsts.reduce<number | null>((most, first) => {
    const gain = most === null ? 1 : within(first) - within(most);
    const nearer = most !== null && Math.abs(first - middle) < Math.abs(most - middle);
    return gain > 1e-9 || (gain > -1e-9 && nearer) ? first : most;
  }, null);
  if (best === null) return null;
  const now = Math.round(scene.offset / tokenPitch);
  const kept =
    now <= start && now + seen >= stop && within(Math.min(now, count - seen)) >= enough * within(best);
  return kept ? null : clamp(best * tokenPitch, 0, full - height);
}

/** Where to scroll, so that a token is seen; null where it is. */
export function reveal(scene: LayersScene, token: number): number | null {
  if (!scene.turned) return null;
  const place = token * scene.tokenPitch;
  const room = scene.area.height;
  if (place >= scene.offset && place + scene.tokenPitch <= scene.offset + room) return null;
  return clamp(place - room / 2, 0, scene.full - scene.height);
}
