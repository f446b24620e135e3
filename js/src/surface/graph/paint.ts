import type { Pen } from "../../drawing/brush";
import type { MarkLook } from "../looks";
import type { Inks } from "../paint";
import type { NodeSurface } from "./nodes";

export interface NodeMark extends MarkLook {
  readonly token: number;
}

export interface GraphInks extends Inks {
  readonly ground: string;
  readonly line: string;
}

/** Nodes that read, or are read: what is coloured is joined with what is looked at. */
export interface Reading {
  /** The other end of every coloured weight. */
  readonly from: readonly number[];
  /** Whether weights go from the coloured nodes to these, as where they read. */
  readonly towards: boolean;
}

const faintest = 1 / 512;
const stripe = 2.5;
/** Of the pen's line where a weight is largest. */
const thickest = 5;
/** More names than this would lie over each other. */
const named = 60;
const longest = 14;

/** All edges, faint: where anything could be read at all. */
export function paintEdges(
  pen: Pen,
  surface: NodeSurface,
  edges: readonly [readonly number[], readonly number[]],
  ink: string,
): void {
  const [sources, targets] = edges;
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.globalAlpha = Math.max(0.12, Math.min(0.7, 60 / Math.max(1, sources.length)));
  pen.beginPath();
  for (const [place, source] of sources.entries()) {
    const [from, to] = [surface.points[source], surface.points[targets[place] ?? -1]];
    if (from === undefined || to === undefined) continue;
    pen.moveTo(...from);
    pen.lineTo(...to);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

/** The edges along which something is read now, then the nodes, then names. */
export function paintNodes(
  pen: Pen,
  surface: NodeSurface,
  marks: readonly NodeMark[],
  names: readonly string[],
  reading: Reading,
  inks: GraphInks,
): void {
  const { points, radius } = surface;
  for (const mark of marks) {
    if (!(mark.tone > faintest)) continue;
    const end = points[mark.token];
    for (const from of reading.from) {
      const start = points[from];
      if (start === undefined || end === undefined || from === mark.token) continue;
      pen.strokeStyle = pen.fillStyle = mark.way === null ? inks.ring : inks[mark.way];
      pen.globalAlpha = 0.25 + 0.75 * mark.tone;
      pen.lineWidth = Math.max(1, thickest * mark.tone);
      arrow(pen, ...(reading.towards ? ([end, start] as const) : ([start, end] as const)), radius);
    }
  }
  pen.globalAlpha = 1;
  for (const mark of marks) {
    const point = points[mark.token];
    if (point !== undefined) node(pen, point, radius, mark, inks);
  }
  for (const mark of names.length > named ? worthNaming(marks) : marks)
    name(pen, surface, names[mark.token] ?? "", inks, mark);
}

/** Of many nodes those that are looked at, and what they read most. */
function worthNaming(marks: readonly NodeMark[]): readonly NodeMark[] {
  const read = marks.filter(({ tone }) => tone > faintest);
  const most = read.sort((one, other) => other.tone - one.tone).slice(0, 5);
  return marks.filter((mark) => mark.query || mark.focus || mark.marked || most.includes(mark));
}

function node(
  pen: Pen,
  [x, y]: readonly [number, number],
  radius: number,
  mark: NodeMark,
  inks: GraphInks,
): void {
  disc(pen, x, y, radius);
  pen.fillStyle = inks.ground;
  pen.fill();
  if (mark.tone > faintest) {
    pen.globalAlpha = 0.15 + 0.85 * mark.tone;
    pen.fillStyle = mark.way === null ? inks.ring : inks[mark.way];
    if (mark.sink) stripes(pen, x, y, radius);
    else pen.fill();
    pen.globalAlpha = 1;
  }
  disc(pen, x, y, radius);
  pen.strokeStyle = mark.hidden || mark.touched || mark.found !== null ? inks.changed : inks.line;
  pen.lineWidth = mark.touched || mark.found !== null ? 2 : 1;
  if (mark.hidden) pen.setLineDash([2, 2]);
  pen.stroke();
  pen.setLineDash([]);
  if (!mark.query && !mark.focus && !mark.marked) return;
  disc(pen, x, y, radius + 2.5);
  pen.strokeStyle = inks.ring;
  pen.lineWidth = mark.focus ? 2.5 : 2;
  pen.stroke();
}

function name(
  pen: Pen,
  { points, radius, width }: NodeSurface,
  piece: string,
  inks: GraphInks,
  { token, query, focus }: NodeMark,
): void {
  const point = points[token];
  if (point === undefined) return;
  const written = piece.trim();
  const shown = written.length > longest ? `${written.slice(0, longest - 1)}…` : written;
  pen.font = `${query || focus ? "600 " : ""}11px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  const right = point[0] + radius + 4 + 6.2 * shown.length < width;
  pen.textAlign = right ? "left" : "right";
  pen.fillStyle = inks.text;
  pen.fillText(shown, point[0] + (right ? 1 : -1) * (radius + 4), point[1]);
}

function disc(pen: Pen, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius);
}

/** The hatching of a sink, within a node. */
function stripes(pen: Pen, x: number, y: number, radius: number): void {
  pen.save();
  disc(pen, x, y, radius);
  pen.clip();
  for (let at = x - radius; at < x + radius; at += 2 * stripe)
    pen.fillRect(at, y - radius, stripe, 2 * radius);
  pen.restore();
}

/** A line from rim to rim, its head where it is read. */
function arrow(
  pen: Pen,
  start: readonly [number, number],
  stop: readonly [number, number],
  radius: number,
): void {
  const [x, y] = [stop[0] - start[0], stop[1] - start[1]];
  const length = Math.hypot(x, y);
  if (length <= 2 * radius) return;
  const [right, down] = [x / length, y / length];
  const head = Math.min(7, length - 2 * radius);
  const tip = [stop[0] - right * (radius + 1), stop[1] - down * (radius + 1)] as const;
  const neck = [tip[0] - right * head, tip[1] - down * head] as const;
  pen.beginPath();
  pen.moveTo(start[0] + right * radius, start[1] + down * radius);
  pen.lineTo(...neck);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(...tip);
  pen.lineTo(neck[0] - down * 0.5 * head, neck[1] + right * 0.5 * head);
  pen.lineTo(neck[0] + down * 0.5 * head, neck[1] - right * 0.5 * head);
  pen.fill();
}
