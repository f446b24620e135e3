import { labelStep } from "../../drawing/labels";
import type { Label } from "../../drawing/scene";
import type { Span } from "../../wire/types";

export interface FlowInput {
  readonly count: number;
  /** One more than the layers that attend: the input is the first. */
  readonly levels: number;
  /** The numbers of those layers. */
  readonly attending: readonly number[];
  readonly width: number;
  readonly offset: number;
  /** The widest name of a token, in pixels. */
  readonly widest: number;
  /** The most that it may be high. */
  readonly tallest?: number | undefined;
}

/** Tokens downwards, one a line; levels to the right: the inputs on the left, the output on the right. */
export interface FlowFrame {
  readonly width: number;
  readonly height: number;
  readonly full: number;
  readonly offset: number;
  readonly count: number;
  readonly levels: number;
  readonly pitch: number;
  /** Where the inputs and the output stand. */
  readonly left: number;
  readonly right: number;
  readonly seen: Span;
  readonly layerLabels: readonly Label[];
}

export interface Node {
  readonly level: number;
  readonly token: number;
}

/** An edge of one layer: from a token on level `level` to one on the next. */
export interface FlowCurve {
  readonly level: number;
  readonly source: number;
  readonly target: number;
  readonly share: number;
}

const smallestPitch = 18;
const largestPitch = 30;
const wantedHeight = 340;
const largestHeight = 520;
/** The height of the layers' names. */
export const flowHead = 24;
const foot = 6;
const numberRoom = 50;
const outputRoom = 78;
const labelRoom = 18;

export function flowFrame({
  count,
  levels,
  attending,
  width,
  offset,
  widest,
  tallest,
}: FlowInput): FlowFrame {
  const pitch = Math.max(
    smallestPitch,
    Math.min(largestPitch, Math.floor(wantedHeight / Math.max(1, count))),
  );
  const full = flowHead + count * pitch + foot;
  const height = Math.min(full, tallest ?? largestHeight);
  const left = Math.round(Math.min(width * 0.36, widest + numberRoom + 14));
  const right = Math.max(left + 1, Math.round(width - Math.min(outputRoom, width * 0.18)));
  const place = Math.max(0, Math.min(offset, full - height));
  const frame = {
    width,
    height,
    full,
    offset: place,
    count,
    levels,
    pitch,
    left,
    right,
    seen: [
      Math.max(0, Math.floor(place / pitch)),
      Math.min(count, Math.ceil((place + height - flowHead) / pitch)),
    ] as const,
  };
  const between = (right - left) / Math.max(1, levels - 1);
  const step = labelStep(between, labelRoom);
  const layerLabels = attending.flatMap((layer, place) =>
    place % step === 0
      ? [
          {
            index: layer,
            text: String(layer),
            x: left + (place + 0.5) * between,
            y: 10,
            tone: "plain" as const,
          },
        ]
      : [],
  );
  return { ...frame, layerLabels };
}

/** The same, not scrolled, as high as it is or may be. */
export function wholeFlow(frame: FlowFrame, highest: number): FlowFrame {
  const height = Math.min(frame.full, highest);
  const seen = [0, Math.min(frame.count, Math.ceil((height - flowHead) / frame.pitch))] as const;
  return { ...frame, offset: 0, height, seen };
}

export function levelX({ left, right, levels }: FlowFrame, level: number): number {
  return left + ((right - left) * level) / Math.max(1, levels - 1);
}

/** The middle of a token's line, in what is seen. */
export function tokenY({ pitch, offset }: FlowFrame, token: number): number {
  return flowHead + (token + 0.5) * pitch - offset;
}

/** Whether a height is among the tokens, below the layers' names. */
export function isSeen({ height }: FlowFrame, y: number): boolean {
  return y >= flowHead && y <= height;
}

/** The edges that carry enough and pass through what is seen, strongest first, at most so many; and how many there would be. */
export function flowCurves(
  frame: FlowFrame,
  edges: { readonly ends: ArrayLike<number>; readonly shares: ArrayLike<number> },
  least: number,
  budget: number,
): { readonly curves: readonly FlowCurve[]; readonly passing: number } {
  const [first, last] = frame.seen;
  const found: FlowCurve[] = [];
  for (let edge = 0; edge < edges.shares.length; edge++) {
    const share = edges.shares[edge] as number;
    if (share < least) continue;
    const [level, source, target] = [0, 1, 2].map((part) => edges.ends[3 * edge + part] as number) as [
      number,
      number,
      number,
    ];
    if (Math.max(source, target) < first || Math.min(source, target) >= last) continue;
    found.push({ level, source, target, share });
  }
  found.sort((one, other) => other.share - one.share);
  return { curves: found.slice(0, budget), passing: found.length };
}

export type FlowHit =
  | { readonly kind: "node"; readonly node: Node }
  | { readonly kind: "label"; readonly token: number };

/** The nearest node under a point, or the name of a token at the left. */
export function flowHit(frame: FlowFrame, x: number, y: number): FlowHit | null {
  if (!isSeen(frame, y)) return null;
  const token = Math.floor((y - flowHead + frame.offset) / frame.pitch);
  if (token < 0 || token >= frame.count) return null;
  const between = (frame.right - frame.left) / Math.max(1, frame.levels - 1);
  if (x < frame.left - Math.min(8, between / 2)) return { kind: "label", token };
  const level = Math.max(0, Math.min(frame.levels - 1, Math.round((x - frame.left) / between)));
  return { kind: "node", node: { level, token } };
}

/** Where to scroll, so that a token is seen; null where it is. */
export function revealFlow(frame: FlowFrame, token: number): number | null {
  const y = tokenY(frame, token);
  if (y - frame.pitch / 2 >= flowHead && y + frame.pitch / 2 <= frame.height) return null;
  return Math.max(0, Math.min(token * frame.pitch - frame.height / 2, frame.full - frame.height));
}
