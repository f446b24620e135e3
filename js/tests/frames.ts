import { encodeFrame, type PlainBlock } from "../dev/encode";
import type { Header } from "../src/wire/types";

/** Three tokens of a causal model: enough of a frame for tests. */
export const header: Omit<Header, "blocks"> = {
  tokens: {
    pieces: ["The", "river", "bank"],
    spans: [
      [0, 3],
      [4, 9],
      [10, 14],
    ],
    words: [0, 1, 2],
    special: [false, false, false],
    padding: [false, false, false],
    segment: [0, 0, 0],
  },
  key_tokens: null,
  layers: 1,
  heads: [2],
  part: "self",
  parts: ["self"],
  path: "interface",
  layer: 0,
  head: 0,
  query: [2, 3],
  direction: "reads",
  source: "head",
  chosen: [[0, 0]],
  units: null,
  hidden: 0,
  norms: true,
  causal: true,
  sinks: [0],
  peak: 0.5,
  stats: { entropy: 1, entropy_limit: 1.1, distance: 1, previous: 0.2, first: 0.4, sink: 0.4 },
  title: "Layer 0 · Head 0",
  recipe: "softmax weights, one head",
  caution: "Attention says where the head looked.",
  predictions: null,
  truncated: null,
  pooling: 1,
  timing: { trace: 1, frame: 1 },
};

export const matrix = [1, 0, 0, 0.5, 0.5, 0, 0.5, 0.25, 0.25];

export const blocks: readonly PlainBlock[] = [
  { name: "matrix", dtype: "f32", shape: [3, 3], values: matrix },
  { name: "row", dtype: "f32", shape: [3], values: [0.5, 0.25, 0.25] },
  { name: "column", dtype: "f32", shape: [3], values: [0, 0, 0.25] },
  {
    name: "thumbnails",
    dtype: "u8",
    shape: [1, 2, 3, 3],
    values: [255, 0, 0, 180, 180, 0, 180, 127, 127, 0, 0, 0, 255, 0, 0, 0, 255, 0],
  },
  { name: "previews", dtype: "u8", shape: [1, 2, 3], values: [180, 127, 127, 0, 255, 0] },
];

export function frameBytes(
  change: Partial<Omit<Header, "blocks">> = {},
  own: readonly PlainBlock[] = blocks,
): ArrayBuffer {
  const whole = { ...header, ...change };
  return encodeFrame({ ...whole, chosen: change.chosen ?? [[whole.layer, whole.head]] }, own);
}
