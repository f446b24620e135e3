import { labelStep } from "../../drawing/labels";
import type { Label } from "../../drawing/scene";
import { type Band, carried, type LaneFlow, type Node, shareOf } from "./lanes";

export interface FlowInput {
  /** Of each lane, the largest share on any level. */
  readonly peaks: readonly number[];
  /** One more than the layers that attend: the input is the first. */
  readonly levels: number;
  /** The numbers of those layers. */
  readonly attending: readonly number[];
  readonly width: number;
  readonly offset: number;
  /** The widest name of a lane, in pixels. */
  readonly widest: number;
  /** The most that it may be high. */
  readonly tallest?: number | undefined;
}

/** Lanes downwards, each as high as it needs; levels to the right: the inputs on the left, the output on the right. */
export interface FlowFrame {
  readonly width: number;
  readonly height: number;
  readonly full: number;
  readonly offset: number;
  readonly levels: number;
  /** The pixels of a share of 1. */
  readonly scale: number;
  /** Where the inputs and the output stand. */
  readonly left: number;
  readonly right: number;
  /** How much room a name has. */
  readonly room: number;
  /** The middle of each lane, not scrolled. */
  readonly middles: readonly number[];
  readonly heights: readonly number[];
  readonly layerLabels: readonly Label[];
}

/** A band as it is drawn: from the middle of its beginning to that of its end. */
export interface PlacedBand extends Band {
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

const smallestLane = 20;
const gap = 8;
const wantedHeight = 430;
const largestHeight = 520;
const [smallestScale, largestScale] = [24, 88];
/** The height of the layers' names. */
export const flowHead = 24;
const foot = 6;
const numberRoom = 50;
const outputRoom = 90;
const labelRoom = 18;

export function flowFrame(input: FlowInput): FlowFrame {
  const { peaks, levels, attending, width, offset, widest, tallest } = input;
  const scale = scaleOf(peaks, tallest ?? wantedHeight);
  const heights = peaks.map((peak) => laneHeight(peak, scale));
  const full = flowHead + heights.reduce((sum, height) => sum + height, 0) + foot;
  const height = Math.min(full, tallest ?? largestHeight);
  const left = Math.round(Math.min(width * 0.4, widest + numberRoom + 16));
  const right = Math.max(left + 1, Math.round(width - Math.min(outputRoom, width * 0.2)));
  const between = (right - left) / Math.max(1, levels - 1);
  const step = labelStep(between, labelRoom);
  let top = flowHead;
  return {
    width,
    height,
    full,
    offset: Math.max(0, Math.min(offset, full - height)),
    levels,
    scale,
    left,
    right,
    room: left - numberRoom - 10,
    heights,
    middles: heights.map((each) => {
      top += each;
      return top - each / 2;
    }),
    layerLabels: attending.flatMap((layer, place) =>
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
    ),
  };
}

function laneHeight(peak: number, scale: number): number {
  return Math.max(smallestLane, peak * scale + gap);
}

/** As wide as all lanes together have room for. */
function scaleOf(peaks: readonly number[], most: number): number {
  const lanes = most - flowHead - foot;
  for (let scale = largestScale; scale > smallestScale; scale -= 4)
    if (peaks.reduce((sum, peak) => sum + laneHeight(peak, scale), 0) <= lanes) return scale;
  return smallestScale;
}

/** The same, not scrolled, as high as it is or may be. */
export function wholeFlow(frame: FlowFrame, highest: number): FlowFrame {
  return { ...frame, offset: 0, height: Math.min(frame.full, highest) };
}

export function levelX({ left, right, levels }: FlowFrame, level: number): number {
  return left + ((right - left) * level) / Math.max(1, levels - 1);
}

/** The middle of a lane, in what is seen. */
export function laneY({ middles, offset }: FlowFrame, lane: number): number {
  return (middles[lane] ?? 0) - offset;
}

/** Whether a height is among the lanes, below the layers' names. */
export function isSeen({ height }: FlowFrame, y: number): boolean {
  return y >= flowHead && y <= height;
}

/** Less is not drawn. */
const faintest = 0.001;

/** The bands between the lanes, each beginning and ending beside the others of its lane. `amounts`: what is drawn of each, when not all. */
export function placeBands(frame: FlowFrame, flow: LaneFlow, amounts = flow.bands): PlacedBand[] {
  const count = flow.lanes.length;
  const placed: PlacedBand[] = [];
  for (let level = 0; level + 1 < flow.levels; level++) {
    // Where the next one begins, and ends, on each lane.
    const top = (at: number) =>
      Array.from(
        { length: count },
        (_, lane) => laneY(frame, lane) - (shareOf(flow, { level: at, lane }) * frame.scale) / 2,
      );
    const [begin, end] = [top(level), top(level + 1)];
    for (let source = 0; source < count; source++)
      for (let target = 0; target < count; target++) {
        const thick = carried(flow, { level, source, target }) * frame.scale;
        const share = amounts[(level * count + source) * count + target] as number;
        const [from, to] = [(begin[source] as number) + thick / 2, (end[target] as number) + thick / 2];
        begin[source] = (begin[source] as number) + thick;
        end[target] = (end[target] as number) + thick;
        if (share >= faintest) placed.push({ level, source, target, share, from, to });
      }
  }
  return placed;
}

/** What is under a point: a lane on a level, or a band between two. */
export function flowHit(
  frame: FlowFrame,
  flow: LaneFlow,
  bands: readonly PlacedBand[],
  x: number,
  y: number,
): Node | Band | null {
  if (!isSeen(frame, y)) return null;
  const lane = frame.middles.findIndex(
    (middle, index) => Math.abs(y + frame.offset - middle) <= (frame.heights[index] ?? 0) / 2,
  );
  const between = (frame.right - frame.left) / Math.max(1, frame.levels - 1);
  const near = Math.min(8, between / 4);
  if (x < frame.left - near) return lane < 0 ? null : { level: 0, lane };
  if (x > frame.right + near) return { level: frame.levels - 1, lane: flow.query };
  const level = Math.max(0, Math.min(frame.levels - 1, Math.round((x - frame.left) / between)));
  if (lane >= 0 && Math.abs(x - levelX(frame, level)) <= near && standsAt(frame, flow, { level, lane }, y))
    return { level, lane };
  const under = Math.max(0, Math.min(frame.levels - 2, Math.floor((x - frame.left) / between)));
  const along = bendAt((x - levelX(frame, under)) / between);
  let nearest: PlacedBand | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const band of bands) {
    if (band.level !== under) continue;
    const away = Math.abs(y - (band.from + (band.to - band.from) * along));
    // Of several that lie on one another the thinnest is on top.
    if (away > Math.max(3, (band.share * frame.scale) / 2)) continue;
    if (band.share < least) [nearest, least] = [band, band.share];
  }
  if (nearest === null) return null;
  return { level: nearest.level, source: nearest.source, target: nearest.target };
}

function standsAt(frame: FlowFrame, flow: LaneFlow, node: Node, y: number): boolean {
  return Math.abs(y - laneY(frame, node.lane)) <= Math.max(4, (shareOf(flow, node) * frame.scale) / 2 + 1);
}

/** How far a curve has gone down at a share of its way across: both its handles are half-way. */
export function bendAt(across: number): number {
  let [low, high] = [0, 1];
  for (let turn = 0; turn < 16; turn++) {
    const at = (low + high) / 2;
    const x = 1.5 * at * (1 - at) * (1 - at) + 1.5 * at * at * (1 - at) + at ** 3;
    if (x < across) low = at;
    else high = at;
  }
  const at = (low + high) / 2;
  return 3 * at * at * (1 - at) + at ** 3;
}

/** Where to scroll, so that a lane is seen; null where it is. */
export function revealFlow(frame: FlowFrame, lane: number): number | null {
  const y = laneY(frame, lane);
  const half = (frame.heights[lane] ?? 0) / 2;
  if (y - half >= flowHead - 1 && y + half <= frame.height) return null;
  return Math.max(0, Math.min((frame.middles[lane] ?? 0) - frame.height / 2, frame.full - frame.height));
}
