import type { DirectRequest, LensRequest } from "../src/wire/lens";

const vocabulary = [" Paris", " the", ".", " a", " France", "\n"];
const top = 5;

/** Layers that come to say the first word of the vocabulary: later after later tokens, never in the first layer. */
export function fakeLens(pieces: readonly string[], { rows: [start, stop] }: LensRequest, layers: number) {
  const [first, last] = [Math.max(0, start), Math.min(stop, pieces.length)];
  const tokens = Math.max(0, last - first);
  const best = new Uint32Array(layers * tokens * top);
  const probabilities = new Float32Array(layers * tokens * top);
  const values = new Float32Array(layers * tokens);
  const ranks = new Uint32Array(layers * tokens);
  for (let layer = 0; layer < layers; layer++)
    for (let at = 0; at < tokens; at++) {
      const cell = layer * tokens + at;
      const settled = layer >= 1 + ((first + at) % Math.max(1, layers - 1));
      const rank = settled ? 0 : 2;
      for (let place = 0; place < top; place++) {
        best[cell * top + place] = place === rank ? 0 : place < rank ? place + 1 : place;
        probabilities[cell * top + place] = ((layer + 1) / (layers + 1)) * 0.5 ** (place + 1);
      }
      values[cell] = probabilities[cell * top + rank] as number;
      ranks[cell] = rank + 1;
    }
  const lens = {
    rows: [first, last],
    total: pieces.length,
    layers,
    top,
    pieces: pieces.slice(first, last),
    words: vocabulary,
    answers: Array.from({ length: tokens }, () => 0),
    asked: false,
    predicts: "next token",
    recipe: "logit lens: thought up",
  };
  return {
    content: { lens },
    buffers: [best, probabilities, values, ranks].map((array) => array.buffer as ArrayBuffer),
  };
}

/** Every head adds its own number, every layer as much as its heads do, and an MLP that undoes half of it. */
export function fakeDirect({ position }: DirectRequest, layers: number, heads: number) {
  const byHead = new Float32Array(layers * heads).map((_, index) => ((index % 7) - 3) / 10);
  const parts = new Float32Array(2 * layers);
  for (let layer = 0; layer < layers; layer++) {
    const sum = byHead.subarray(layer * heads, (layer + 1) * heads).reduce((all, one) => all + one, 0);
    parts.set([sum, -sum / 2], 2 * layer);
  }
  const ofHeads = byHead.reduce((all, one) => all + one, 0);
  const direct = {
    position,
    answers: [" Paris"],
    layers,
    heads,
    logit: ofHeads / 2,
    rest: [{ name: "MLPs", value: -ofHeads / 2 }],
    recipe: "direct effects: thought up",
  };
  return { content: { direct }, buffers: [parts, byHead].map((array) => array.buffer as ArrayBuffer) };
}
