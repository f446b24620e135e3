import type { Rect } from "../../drawing/scene";
import type { NodePlace } from "../../wire/types";
import type { Surface } from "../surface";

/** Room around the nodes, for their names, in pixels. */
const margin = { across: 26, down: 16 } as const;
const largest = 11;
const smallest = 2.5;
/** How far from its rim a node is still pointed at. */
const near = 6;

/** The nodes of a graph in a box of the page, in their own proportions. */
export class NodeSurface implements Surface {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly points: readonly (readonly [x: number, y: number])[];

  constructor(nodes: readonly NodePlace[], width: number, height: number) {
    [this.width, this.height] = [width, height];
    const [across, down] = [0, 1].map((axis) => extent(nodes.map((node) => node[axis] as number))) as [
      Extent,
      Extent,
    ];
    const room = [Math.max(1, width - 2 * margin.across), Math.max(1, height - 2 * margin.down)] as const;
    const scale = Math.min(room[0] / across.size, room[1] / down.size);
    this.points = nodes.map(([x, y]) => [
      width / 2 + (x - across.middle) * scale,
      height / 2 + (y - down.middle) * scale,
    ]);
    const area = across.size * down.size * scale ** 2;
    const apart = Math.sqrt(area / Math.max(1, nodes.length));
    this.radius = Math.max(smallest, Math.min(largest, 0.2 * apart));
  }

  rects(token: number): readonly Rect[] {
    const point = this.points[token];
    if (point === undefined) return [];
    const { radius } = this;
    return [{ x: point[0] - radius, y: point[1] - radius, width: 2 * radius, height: 2 * radius }];
  }

  /** The nearest node whose rim is near. */
  hit(x: number, y: number): number | null {
    let [found, least]: [number | null, number] = [null, this.radius + near];
    for (const [token, point] of this.points.entries()) {
      const away = Math.hypot(point[0] - x, point[1] - y);
      if (away <= least) [found, least] = [token, away];
    }
    return found;
  }

  /** The node that one comes to from another in a direction: near, and not far from the straight way; null where there is none. */
  beside(token: number, across: number, down: number): number | null {
    const from = this.points[token];
    if (from === undefined) return null;
    let [found, least]: [number | null, number] = [null, Number.POSITIVE_INFINITY];
    for (const [other, point] of this.points.entries()) {
      const [x, y] = [point[0] - from[0], point[1] - from[1]];
      const ahead = x * across + y * down;
      const aside = Math.abs(x * down - y * across);
      if (other === token || ahead <= 0 || aside > ahead) continue;
      if (ahead + 2 * aside < least) [found, least] = [other, ahead + 2 * aside];
    }
    return found;
  }
}

interface Extent {
  readonly middle: number;
  /** Never nothing: nodes on a line have some room too. */
  readonly size: number;
}

function extent(places: readonly number[]): Extent {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const place of places) [low, high] = [Math.min(low, place), Math.max(high, place)];
  return low > high
    ? { middle: 0.5, size: 1 }
    : { middle: (low + high) / 2, size: Math.max(0.05, high - low) };
}
