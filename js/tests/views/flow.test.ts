import { describe, expect, it } from "vitest";
import {
  flowCurves,
  flowFrame,
  flowHead,
  flowHit,
  levelX,
  revealFlow,
  tokenY,
} from "../../src/views/flow/scene";
import { sparseFlow } from "../../src/views/flow/sparse-flow";
import { readFlow } from "../../src/wire/flow";

const frameOf = (count: number, offset = 0) =>
  flowFrame({ count, levels: 4, attending: [0, 2, 3], width: 520, offset, widest: 60 });

describe("the frame", () => {
  it("puts inputs at the left, the output at the right, and names layers between the levels", () => {
    const frame = frameOf(5);
    expect(levelX(frame, 0)).toBe(frame.left);
    expect(levelX(frame, 3)).toBe(frame.right);
    expect(frame.layerLabels.map(({ text }) => text)).toEqual(["0", "2", "3"]);
    expect(frame.layerLabels[1]?.x).toBeCloseTo((levelX(frame, 1) + levelX(frame, 2)) / 2);
  });

  it("finds the node that is drawn at a place, on every level and at both ends of the scroll", () => {
    for (const offset of [0, 1e6]) {
      const frame = frameOf(200, offset);
      for (const level of [0, 1, 2, 3])
        for (let token = frame.seen[0] + 1; token < frame.seen[1] - 1; token++)
          expect(flowHit(frame, levelX(frame, level), tokenY(frame, token))).toEqual({
            kind: "node",
            node: { level, token },
          });
    }
    expect(flowHit(frameOf(5), 10, tokenY(frameOf(5), 2))).toEqual({ kind: "label", token: 2 });
    expect(flowHit(frameOf(5), 200, flowHead - 1)).toBeNull();
  });

  it("scrolls a token into sight, and leaves what is in sight", () => {
    const frame = frameOf(200);
    expect(revealFlow(frame, 3)).toBeNull();
    const there = frameOf(200, revealFlow(frame, 150) ?? 0);
    expect(revealFlow(there, 150)).toBeNull();
  });
});

describe("the edges", () => {
  const edges = { ends: [0, 1, 2, 1, 2, 2, 2, 150, 151], shares: [0.1, 0.5, 0.3] };

  it("are those that carry enough and are in sight, strongest first", () => {
    const { curves, passing } = flowCurves(frameOf(200), edges, 0.05, 10);
    expect(curves.map(({ share }) => share)).toEqual([0.5, 0.1]);
    expect(passing).toBe(2);
    expect(flowCurves(frameOf(200), edges, 0.2, 10).curves).toHaveLength(1);
  });

  it("are counted beyond what is drawn", () => {
    const { curves, passing } = flowCurves(frameOf(200), edges, 0, 1);
    expect([curves.length, passing]).toEqual([1, 2]);
  });
});

describe("a long flow", () => {
  const count = 50;
  const flow = {
    query: 49,
    levels: 2,
    pieces: Array.from({ length: count }, (_, token) => `t${token}`),
    attending: [0],
    kept: [1],
    recipe: "",
    reached: Float32Array.from({ length: 2 * count }, (_, index) => index),
    ends: Uint32Array.from([0, 7, 49, 0, 20, 49, 0, 30, 49]),
    shares: Float32Array.from([0.5, 0.3, 0.001]),
  };

  it("keeps the tokens that a strong edge touches, its numbers and its edges with them", () => {
    const sparse = sparseFlow(flow, 0.01);
    expect(sparse.places).toEqual([7, 20, 49]);
    expect([sparse.query, sparse.all, sparse.pieces]).toEqual([2, count, ["t7", "t20", "t49"]]);
    expect([...sparse.reached]).toEqual([7, 20, 49, 57, 70, 99]);
    expect([...sparse.ends]).toEqual([0, 0, 2, 0, 1, 2]);
    expect(sparseFlow(flow, 0.0005).places).toEqual([7, 20, 30, 49]);
  });

  it("keeps the query where no edge is strong, and all of a short text", () => {
    expect(sparseFlow(flow, 0.9).places).toEqual([49]);
    const short = {
      ...flow,
      query: 1,
      pieces: ["a", "b"],
      reached: new Float32Array(4),
      ends: new Uint32Array(3),
    };
    expect(sparseFlow({ ...short, shares: new Float32Array(1) }, 0.9).places).toEqual([0, 1]);
  });
});

describe("the wire", () => {
  const told = { query: 1, levels: 2, pieces: ["a", "b"], attending: [0], kept: [1], recipe: "" };
  const buffers = [new Float32Array([1, 0, 0, 1]), new Uint32Array([0, 0, 1]), new Float32Array([1])];

  it("is read from views that are not aligned", () => {
    const moved = buffers.map(({ buffer }) => {
      const bytes = new Uint8Array(buffer.byteLength + 1);
      bytes.set(new Uint8Array(buffer), 1);
      return new DataView(bytes.buffer, 1);
    });
    const flow = readFlow(told, moved);
    expect([...flow.reached, ...flow.ends, ...flow.shares]).toEqual([1, 0, 0, 1, 0, 0, 1, 1]);
  });

  it("is refused where numbers are missing", () => {
    expect(() => readFlow(told, buffers.slice(0, 2))).toThrow("without its numbers");
    expect(() => readFlow({ ...told, levels: 3 }, buffers)).toThrow("does not match its header");
  });
});
