import { clipped } from "../../drawing/boxes";
import type { Brush, Pen } from "../../drawing/brush";
import { fitted } from "../../drawing/labels";
import { type Palette, tone } from "../../lib/colour";
import { weight } from "../../lib/format";
import { type Crops, cropRoom, cropSide, paintCrop } from "../../surface/picture/crops";
import { type Lane, type LaneFlow, type Node, shareOf } from "./lanes";
import { type FlowFrame, flowHead, isSeen, laneY, levelX, type PlacedBand } from "./scene";

export interface FlowPicture {
  readonly flow: LaneFlow;
  readonly bands: readonly PlacedBand[];
  /** What is isolated: all else steps back. Null where nothing is. */
  readonly path: readonly PlacedBand[] | null;
  readonly looked: Node | null;
  /** The width of a text in a font. */
  readonly measure: (text: string, font: string) => number;
  /** What tokens look like, of a picture. */
  readonly crops: Crops | null;
}

/** What reaches the output: bands as wide as what they carry, the inputs by name and number. */
export function paintFlow(
  { context }: Brush,
  frame: FlowFrame,
  picture: FlowPicture,
  palette: Palette,
): void {
  const { flow, bands, path } = picture;
  clipped(context, { x: 0, y: flowHead, width: frame.width, height: frame.height - flowHead }, () => {
    paintBands(context, frame, flow, bands, palette, path === null ? "all" : "aside");
    if (path !== null) paintBands(context, frame, flow, path, palette, "path");
    paintNodes(context, frame, picture, palette);
    for (let lane = 0; lane < flow.lanes.length; lane++) paintName(context, frame, picture, lane, palette);
  });
  paintLayers(context, frame, palette);
}

/** The weakest first, those of the rest before all that have a name; what stays on its word is the residual stream, and grey. */
function paintBands(
  context: Pen,
  frame: FlowFrame,
  { lanes }: LaneFlow,
  bands: readonly PlacedBand[],
  palette: Palette,
  how: "all" | "aside" | "path",
): void {
  const ofRest = ({ source, target }: PlacedBand) => lanes[source]?.rest || lanes[target]?.rest;
  const rank = (band: PlacedBand) => (ofRest(band) ? 0 : 1);
  const order = [...bands].sort((one, other) => rank(one) - rank(other) || one.share - other.share);
  for (const band of order) {
    const own = band.source === band.target;
    const strong = tone(band.share, 1) * (ofRest(band) ? 0.5 : 1);
    const colour = own ? palette.muted : palette.reads.strong;
    const plain = own ? 0.15 + 0.4 * strong : 0.2 + 0.8 * strong;
    context.globalAlpha = how === "path" ? Math.max(0.75, plain) : how === "aside" ? plain * 0.2 : plain;
    paintBand(context, frame, band, how === "path" ? 1.5 : 0.75, colour);
  }
  context.globalAlpha = 1;
}

/** As high as what it carries, wherever it is; one that is thinner than a line is a line. */
function paintBand(
  context: Pen,
  frame: FlowFrame,
  { level, from, to, share }: PlacedBand,
  thinnest: number,
  colour: string,
): void {
  const [start, stop] = [levelX(frame, level), levelX(frame, level + 1)];
  const middle = (start + stop) / 2;
  const thick = share * frame.scale;
  context.beginPath();
  if (thick <= 2 * thinnest) {
    context.strokeStyle = colour;
    context.lineWidth = Math.max(thinnest, thick);
    context.moveTo(start, from);
    context.bezierCurveTo(middle, from, middle, to, stop, to);
    context.stroke();
    return;
  }
  const half = thick / 2;
  context.fillStyle = colour;
  context.moveTo(start, from - half);
  context.bezierCurveTo(middle, from - half, middle, to - half, stop, to - half);
  context.lineTo(stop, to + half);
  context.bezierCurveTo(middle, to + half, middle, from + half, start, from + half);
  context.fill();
}

/** The inputs and the output as bars; between them only what is looked at. */
function paintNodes(context: Pen, frame: FlowFrame, { flow, looked }: FlowPicture, palette: Palette): void {
  const bar = (level: number, lane: number, colour: string) => {
    const height = Math.max(2, shareOf(flow, { level, lane }) * frame.scale);
    context.fillStyle = colour;
    context.fillRect(levelX(frame, level) - 2, laneY(frame, lane) - height / 2, 4, height);
  };
  for (let lane = 0; lane < flow.lanes.length; lane++)
    bar(0, lane, flow.lanes[lane]?.rest ? palette.muted : palette.reads.strong);
  bar(flow.levels - 1, flow.query, palette.reads.strong);
  if (looked !== null) bar(looked.level, looked.lane, palette.text);
}

function paintName(
  context: Pen,
  frame: FlowFrame,
  { flow, looked, measure, crops }: FlowPicture,
  lane: number,
  palette: Palette,
): void {
  const y = laneY(frame, lane);
  const each = flow.lanes[lane];
  if (each === undefined || !isSeen(frame, y)) return;
  const share = shareOf(flow, { level: 0, lane });
  const font = (strong: boolean) => `${strong ? "600" : "400"} 12px ${palette.font}`;
  const write = ({ name, short }: Lane, room: number, x: number, strong: boolean) => {
    context.font = font(strong);
    const wide = (part: string) => measure(part, font(strong));
    context.fillText(wide(name) <= room ? name : fitted(short, room, wide), x, y);
  };
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillStyle = each.rest ? palette.muted : palette.text;
  const [token] = each.tokens;
  const crop = each.rest || token === undefined ? null : (crops?.(token) ?? null);
  const taken = crops === null ? 0 : cropRoom;
  if (crop !== null) paintCrop(context, crop, frame.left - 54 - cropSide, y);
  write(
    each,
    frame.room - taken,
    frame.left - 54 - taken,
    lane === looked?.lane || (share >= 0.1 && !each.rest),
  );
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.fillText(share > 0 ? weight(share) : "0", frame.left - 10, y);
  if (lane !== flow.query) return;
  context.textAlign = "left";
  context.fillStyle = palette.reads.strong;
  write(each, frame.width - frame.right - 12, frame.right + 10, true);
}

function paintLayers(context: Pen, { left, right, layerLabels }: FlowFrame, palette: Palette): void {
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const { text, x, y } of layerLabels) context.fillText(text, x, y);
  context.textAlign = "right";
  context.fillText("input", left - 10, 10);
  context.textAlign = "left";
  context.fillText("output", right + 10, 10);
}
