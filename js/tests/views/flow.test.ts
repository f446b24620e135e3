import { describe, expect, it } from "vitest";
import { palette } from "../../src/lib/colour";
import type { Session } from "../../src/session/session";
import {
  type Band,
  carried,
  type LaneFlow,
  laneFlow,
  moved,
  type Node,
  routeFrom,
  shareOf,
  thresholds,
  through,
  usualThreshold,
  type Word,
  wordsOf,
} from "../../src/views/flow/lanes";
import { paintFlow } from "../../src/views/flow/paint";
import {
  bendAt,
  flowFrame,
  flowHead,
  flowHit,
  laneY,
  levelX,
  placeBands,
  revealFlow,
} from "../../src/views/flow/scene";
import { following, ofFlow, pathInWords, queryOf, spoken, takesNearlyAll } from "../../src/views/flow/words";
import { type Flow, readFlow } from "../../src/wire/flow";
import type { Header } from "../../src/wire/types";

/** Edges as rollout has them, of which only the strongest are told: reached is summed over all of them. */
function flowOf(count: number, query: number, layers: readonly number[][][], told = 1000): Flow {
  const levels = layers.length + 1;
  const reached = new Float32Array(levels * count);
  reached[(levels - 1) * count + query] = 1;
  const edges: { level: number; source: number; target: number; share: number }[] = [];
  for (let level = levels - 2; level >= 0; level--) {
    const found = [];
    for (let target = 0; target < count; target++)
      for (let source = 0; source < count; source++) {
        const share =
          (reached[(level + 1) * count + target] as number) * (layers[level]?.[target]?.[source] ?? 0);
        if (share === 0) continue;
        reached[level * count + source] = (reached[level * count + source] as number) + share;
        found.push({ level, source, target, share });
      }
    edges.push(...found.sort((one, other) => other.share - one.share).slice(0, told));
  }
  return {
    query,
    levels,
    pieces: Array.from({ length: count }, (_, token) => `t${token}`),
    attending: layers.map((_, layer) => layer),
    kept: [1],
    recipe: "rollout",
    reached,
    ends: Uint32Array.from(edges.flatMap(({ level, source, target }) => [level, source, target])),
    shares: Float32Array.from(edges, ({ share }) => share),
  };
}

const alone = (flow: Flow): readonly Word[] =>
  flow.pieces.map((name, token) => ({ name, tokens: [token, token + 1] }));

/** Four tokens, two layers: 3 reads 0 half, 1 and 2 a little. */
const layer = [
  [1, 0, 0, 0],
  [0.5, 0.5, 0, 0],
  [0.5, 0, 0.5, 0],
  [0.5, 0.06, 0.04, 0.4],
];
const four = flowOf(4, 3, [layer, layer]);

describe("words", () => {
  const header = (more: object) => ({ units: null, tokens: { pieces: [], ...more } }) as unknown as Header;

  it("are whole, whatever pieces they fall into, and tokens outside of words stand alone", () => {
    const tokens = {
      words: [-1, 0, 0, 1, -1],
      spans: [
        [-1, -1],
        [0, 3],
        [3, 7],
        [8, 10],
        [-1, -1],
      ],
      segment: [0, 0, 0, 0, 0],
    };
    const pieces = ["[CLS]", "Mac", "hine", "is", "[SEP]"];
    expect(wordsOf(header(tokens), ["Machine is", ""], pieces)).toEqual([
      { tokens: [0, 1], name: "[CLS]" },
      { tokens: [1, 3], name: "Machine" },
      { tokens: [3, 4], name: "is" },
      { tokens: [4, 5], name: "[SEP]" },
    ]);
  });

  it("of two texts are told apart though both begin to count at 0", () => {
    const tokens = {
      words: [0, 0],
      spans: [
        [0, 1],
        [0, 1],
      ],
      segment: [0, 1],
      fields: [0, 1],
    };
    expect(wordsOf(header(tokens), ["a", "b"], ["a", "b"])).toHaveLength(2);
  });

  it("are those that are shown, where words are; and pieces, where nothing is known of words", () => {
    const shown = {
      units: [
        [0, 2],
        [2, 3],
      ],
      tokens: { pieces: ["ab", "c"] },
    } as unknown as Header;
    expect(wordsOf(shown, ["", ""], ["a", "b", "c"]).map(({ name }) => name)).toEqual(["ab", "c"]);
    expect(wordsOf(header({ words: [0] }), ["", ""], ["a", "b"]).map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("lanes", () => {
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, each) => total + each, 0);

  /** What enters and what leaves every lane is what reaches it. */
  const expectWhole = (flow: LaneFlow) => {
    const count = flow.lanes.length;
    const every = Array.from({ length: count }, (_, lane) => lane);
    for (let level = 0; level + 1 < flow.levels; level++)
      for (const lane of every) {
        const leaves = sum(every.map((target) => carried(flow, { level, source: lane, target })));
        const enters = sum(every.map((source) => carried(flow, { level, source, target: lane })));
        expect(leaves).toBeCloseTo(shareOf(flow, { level, lane }), 5);
        expect(enters).toBeCloseTo(shareOf(flow, { level: level + 1, lane }), 5);
      }
  };

  it("are the words that give enough and the one that is flowed into; the rest is one", () => {
    const flow = laneFlow(four, alone(four), 0.08);
    expect(flow.lanes.map(({ name }) => name)).toEqual(["t0", "t3", "rest, 2 tokens"]);
    expect(flow.query).toBe(1);
    expect(sum(flow.reached.subarray(0, 3))).toBeCloseTo(1, 5);
    expectWhole(flow);
  });

  it("name a word rather than sum up a single one, and pieces of a word flow together", () => {
    const input = (token: number) => four.reached[token] as number;
    expect(laneFlow(four, alone(four), (input(1) + input(2)) / 2).lanes.map(({ name }) => name)).toEqual([
      "t0",
      "t1",
      "t2",
      "t3",
    ]);
    const words: readonly Word[] = [
      { name: "a", tokens: [0, 1] },
      { name: "bc", tokens: [1, 3] },
      { name: "d", tokens: [3, 4] },
    ];
    const flow = laneFlow(four, words, 0.001);
    expect(flow.lanes.map(({ name }) => name)).toEqual(["a", "bc", "d"]);
    expect(shareOf(flow, { level: 0, lane: 1 })).toBeCloseTo(input(1) + input(2), 5);
    expectWhole(flow);
  });

  it("are whole where only the strongest edges are known", () => {
    const some = flowOf(4, 3, [layer, layer], 2);
    expectWhole(laneFlow(some, alone(some), 0.001));
    expectWhole(laneFlow(some, alone(some), 0.08));
  });

  it("are never more than can be followed: by themselves a dozen words of 1 % or more", () => {
    const even = Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => 1 / 60));
    const many = flowOf(60, 59, [even]);
    expect(laneFlow(many, alone(many), 0.002).lanes).toHaveLength(25);
    const least = (thresholds[usualThreshold(many, alone(many))] as number) / 1000;
    expect(least).toBe(0.02);
    expect(laneFlow(many, alone(many), least).lanes.map(({ name }) => name)).toEqual([
      "t59",
      "rest, 59 tokens",
    ]);
    expect(thresholds[usualThreshold(four, alone(four))]).toBe(10);
  });

  it("of no numbers and of one token are what they are", () => {
    const one = flowOf(1, 0, [[[1]]]);
    expect(laneFlow(one, alone(one), 0.01).lanes.map(({ name }) => name)).toEqual(["t0"]);
    const empty = { ...four, reached: new Float32Array(12).fill(Number.NaN) };
    expect(laneFlow(empty, alone(empty), 0.01).lanes.map(({ name }) => name)).toEqual(["t3"]);
    // Nothing after the query is read.
    const early = flowOf(4, 1, [layer, layer]);
    expect(laneFlow(early, alone(early), 0.5).lanes.map(({ name }) => name)).toEqual(["t0", "t1"]);
  });
});

describe("a path", () => {
  const flow = laneFlow(four, alone(four), 0.001);
  const total = (amounts: Float32Array, level: number) =>
    amounts.subarray(level * 16, (level + 1) * 16).reduce((sum, each) => sum + each, 0);

  it("through a word or a band carries the same on every level, and no band more than it has", () => {
    const places: readonly (Node | Band)[] = [
      { level: 0, lane: 1 },
      { level: 1, lane: 0 },
      { level: 0, source: 1, target: 3 },
    ];
    for (const on of places) {
      const amounts = through(flow, on);
      const whole = "lane" in on ? shareOf(flow, on) : carried(flow, on);
      for (const level of [0, 1]) expect(total(amounts, level)).toBeCloseTo(whole, 5);
      amounts.forEach(
        (amount, at) => void expect(amount).toBeLessThanOrEqual((flow.bands[at] as number) + 1e-6),
      );
    }
  });

  it("stays on its words when others are named, and is gone with them", () => {
    const few = laneFlow(four, alone(four), 0.08);
    expect(moved({ level: 1, lane: 3 }, flow, few)).toEqual({ level: 1, lane: 1 });
    expect(moved({ level: 0, source: 1, target: 3 }, flow, few)).toEqual({ level: 0, source: 2, target: 1 });
    const short = flowOf(1, 0, [[[1]], [[1]]]);
    expect(moved({ level: 1, lane: 3 }, flow, laneFlow(short, alone(short), 0.01))).toBeNull();
  });

  it("goes on where most of it goes, and is told with its numbers", () => {
    expect(routeFrom(flow, { level: 0, lane: 1 })).toEqual([{ lane: 3, layer: 1 }]);
    expect(pathInWords(flow, { level: 0, lane: 1 })).toMatch(
      /^“t1”: 0\.\d{3} of “t3” · most of it on to “t3” in layer \d$/,
    );
    expect(pathInWords(flow, { level: 1, source: 0, target: 3 })).toBe(
      "layer 1 carries 0.500 from “t0” to “t3”",
    );
    expect(pathInWords(flow, { level: 1, source: 3, target: 3 })).toContain("keeps 0.400 in layer 1");
  });

  it("is told in as many letters as one can read, whatever stands in the text", () => {
    const lanes = flow.lanes.map((lane) => ({ ...lane, name: "a".repeat(20_000) }));
    expect(pathInWords({ ...flow, lanes }, null).length).toBeLessThan(250);
    const pieces = four.pieces.map((_, token) => `${token}${"a".repeat(20_000)}`);
    expect(ofFlow({ ...four, pieces }).sentence.length).toBeLessThan(250);
  });

  it("of nothing is what the query rests on, the rest in one", () => {
    const summed = laneFlow(four, alone(four), 0.08);
    expect(pathInWords(summed, null)).toBe(
      `“t3” rests on “t0” 0.750, “t3” 0.160 · 2 other tokens together 0.090`,
    );
    expect(spoken(flow, { level: 0, lane: 1 })).toBe("t1, input: 0.054 of t3");
    expect(ofFlow(four).sentence).toContain("“t3” rests on t0 0.750, t3 0.160");
  });
});

describe("a word that nearly all rests on", () => {
  const named = (least: number, flow: Flow) => takesNearlyAll(laneFlow(flow, alone(flow), least));
  const resting = (share: number) =>
    flowOf(2, 1, [
      [
        [1, 0],
        [share, 1 - share],
      ],
    ]);

  it("is named where it takes more than 0.9, and is neither the query nor the rest", () => {
    expect(named(0.001, resting(0.95))).toBe("“t0”");
    expect(named(0.001, resting(0.85))).toBeNull();
    expect(named(0.001, resting(0.05))).toBeNull();
  });
});

describe("the frame", () => {
  const frameOf = (peaks: readonly number[], offset = 0) =>
    flowFrame({ peaks, levels: 4, attending: [0, 2, 3], width: 520, offset, widest: 60 });
  const many = Array.from({ length: 25 }, (_, lane) => (lane === 24 ? 1 : 0.02));

  it("puts inputs at the left, the output at the right, and names layers between the levels", () => {
    const frame = frameOf([0.5, 0.3, 1]);
    expect(levelX(frame, 0)).toBe(frame.left);
    expect(levelX(frame, 3)).toBe(frame.right);
    expect(frame.layerLabels.map(({ text }) => text)).toEqual(["0", "2", "3"]);
    expect(frame.layerLabels[1]?.x).toBeCloseTo((levelX(frame, 1) + levelX(frame, 2)) / 2);
  });

  it("gives every lane the height of its largest share, and a name's", () => {
    for (const peaks of [[0.5, 0.3, 1], many, [1]]) {
      const { middles, heights, scale, full, height } = frameOf(peaks);
      for (const [lane, peak] of peaks.entries()) {
        expect(heights[lane]).toBeGreaterThanOrEqual(Math.max(20, peak * scale));
        expect((middles[lane] as number) - (heights[lane] as number) / 2).toBeGreaterThanOrEqual(flowHead);
      }
      expect(full).toBeGreaterThanOrEqual(height);
    }
  });

  it("scrolls a lane into sight, and leaves what is in sight", () => {
    const frame = frameOf(many);
    expect(revealFlow(frame, 3)).toBeNull();
    expect(revealFlow(frameOf(many, revealFlow(frame, 24) ?? 0), 24)).toBeNull();
  });
});

describe("bands", () => {
  const flow = laneFlow(four, alone(four), 0.001);
  const peaks = flow.lanes.map(({ peak }) => peak);
  const frame = flowFrame({ peaks, levels: 3, attending: [0, 1], width: 520, offset: 0, widest: 60 });
  const bands = placeBands(frame, flow);

  it("stand side by side on their lanes, and a path within them", () => {
    for (const lane of [0, 1, 2, 3]) {
      const ends = bands.filter(({ level, target }) => level === 0 && target === lane);
      const height = ends.reduce((sum, { share }) => sum + share * frame.scale, 0);
      expect(height).toBeCloseTo(shareOf(flow, { level: 1, lane }) * frame.scale, 1);
      for (const { to } of ends) expect(Math.abs(to - laneY(frame, lane))).toBeLessThanOrEqual(height / 2);
    }
    const path = placeBands(frame, flow, through(flow, { level: 0, lane: 1 }));
    for (const { level, source, target, from } of path)
      expect(
        bands.find((band) => band.level === level && band.source === source && band.target === target)?.from,
      ).toBe(from);
  });

  it("and lanes are found where they are drawn", () => {
    for (const lane of [0, 3])
      expect(flowHit(frame, flow, bands, levelX(frame, 1), laneY(frame, lane))).toEqual({ level: 1, lane });
    expect(flowHit(frame, flow, bands, 10, laneY(frame, 2))).toEqual({ level: 0, lane: 2 });
    expect(flowHit(frame, flow, bands, frame.right + 30, laneY(frame, 0))).toEqual({ level: 2, lane: 3 });
    expect(flowHit(frame, flow, bands, 200, flowHead - 1)).toBeNull();
    const crossing = bands.find(({ level, source, target }) => level === 1 && source === 0 && target === 3);
    if (crossing === undefined) throw new Error("no such band");
    const middle = (levelX(frame, 1) + levelX(frame, 2)) / 2;
    expect(flowHit(frame, flow, bands, middle, (crossing.from + crossing.to) / 2)).toEqual({
      level: 1,
      source: 0,
      target: 3,
    });
  });

  it("bend half-way", () => {
    expect([0, 0.5, 1].map((across) => Math.round(bendAt(across) * 1000) / 1000)).toEqual([0, 0.5, 1]);
    expect(bendAt(0.25)).toBeLessThan(0.25);
  });

  it("are painted as high as what they carry, what is not on a path aside, names whole or with an ellipsis", () => {
    const texts: string[] = [];
    const alphas: number[] = [];
    const state: Record<string, unknown> = {};
    const context = new Proxy(state, {
      get: (own, name: string) =>
        own[name] ??
        ((...given: unknown[]) => {
          if (name === "fillText") texts.push(given[0] as string);
          if (name === "fill" || name === "stroke") alphas.push(own.globalAlpha as number);
        }),
    });
    const paint = (path: typeof bands | null, wide: number) =>
      paintFlow(
        { context, bitmap: () => ({}) } as never,
        frame,
        { flow, bands, path, looked: null, crops: null, measure: (text) => text.length * wide },
        palette(false, "Test"),
      );
    paint(null, 6);
    expect(texts).toEqual(expect.arrayContaining(["t0", "t1", "t2", "t3"]));
    const all = alphas.splice(0);
    paint(bands.slice(0, 1), 100);
    expect(alphas).toHaveLength(all.length + 1);
    expect(alphas.at(-1)).toBeGreaterThanOrEqual(0.75);
    expect(Math.max(...alphas.slice(0, -1))).toBeLessThan(Math.max(...all));
    expect(texts.at(-1)).toBe("output");
    expect(texts.some((text) => text.endsWith("…"))).toBe(true);
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

it("says what is waited for, and how much that is", () => {
  const of = (header: unknown) =>
    ({ shown: { value: header === null ? null : { frame: { header } } } }) as unknown as Session;
  const waiting = of({ tokens: { pieces: ["The", " sea", "."] }, query: [1, 2], layers: 30 });
  expect([queryOf(waiting), following(waiting, null)]).toEqual([
    "sea",
    "Following 3 tokens through 30 layers…",
  ]);
  expect(following(waiting, { done: 7, total: 30 })).toBe("Following 3 tokens through 7 of 30 layers…");
  expect([queryOf(of(null)), following(of(null), null)]).toEqual(["∅", "Following the flow…"]);
});
