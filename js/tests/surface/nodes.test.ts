import { describe, expect, it } from "vitest";
import { NodeSurface } from "../../src/surface/graph/nodes";

const nodes = [
  [0, 0.5],
  [0.5, 0.25],
  [1, 0.5],
  [0.5, 0.75],
] as const;

describe("the nodes of a graph", () => {
  const surface = new NodeSurface(nodes, 600, 300);

  it("fill the box in their own proportions, in its middle", () => {
    const [left, top, right, bottom] = surface.points.map((point) => [...point]) as [
      number[],
      number[],
      number[],
      number[],
    ];
    expect((right[0] as number) - (left[0] as number)).toBeCloseTo(
      2 * ((bottom[1] as number) - (top[1] as number)),
    );
    expect((left[0] as number) + (right[0] as number)).toBeCloseTo(600);
    expect((top[1] as number) + (bottom[1] as number)).toBeCloseTo(300);
    for (const [x, y] of surface.points) {
      expect(x).toBeGreaterThan(surface.radius);
      expect(y).toBeGreaterThan(surface.radius);
      expect(x).toBeLessThan(600 - surface.radius);
      expect(y).toBeLessThan(300 - surface.radius);
    }
  });

  it("are pointed at on their rims, and nowhere else", () => {
    for (const [token, [x, y]] of surface.points.entries()) {
      expect(surface.hit(x + surface.radius, y)).toBe(token);
      expect(surface.rects(token)[0]?.width).toBe(2 * surface.radius);
    }
    expect(surface.hit(300, 150)).toBeNull();
    expect(surface.rects(9)).toEqual([]);
  });

  it("lead on to each other in the picture", () => {
    expect(surface.beside(0, 1, 0)).not.toBeNull();
    expect(surface.beside(0, -1, 0)).toBeNull();
    expect(surface.beside(1, 0, 1)).toBe(3);
    expect(surface.beside(9, 0, 1)).toBeNull();
  });

  it("may be one alone, or none", () => {
    expect(new NodeSurface([[0.5, 0.5]], 200, 100).points).toEqual([[100, 50]]);
    expect(new NodeSurface([], 200, 100).points).toEqual([]);
  });
});
