import type { NeuronRequest } from "../src/wire/neuron";
import { encodeFrame } from "./encode";

const dimensions = 16;

/** Thought-up queries and keys: whoever reads the same text, layer and head gets the same. */
export function fakeNeuron(pieces: readonly string[], request: NeuronRequest, causal: boolean) {
  const { layer, head, part, keys } = request;
  const count = pieces.length;
  const query = Math.min(request.query[1] - 1, count - 1);
  const vector = (token: number, turn: number) =>
    Array.from(
      { length: dimensions },
      (_, at) => 2 * Math.sin(1 + token * (at + 1) + 3 * layer + 7 * head + turn * at),
    );
  const q = vector(query, 1);
  const all = pieces.map((_, token) => vector(token, 2));
  const dot = all.map((k) => k.reduce((sum, value, at) => sum + value * (q[at] as number), 0));
  const scaled = dot.map((value) => value / 4);
  const logit = scaled.map((value, key) => (causal && key > query ? Number.NEGATIVE_INFINITY : value));
  const peak = Math.max(...logit);
  const total = logit.reduce((sum, value) => sum + Math.exp(value - peak), 0);
  const weight = logit.map((value) => Math.exp(value - peak) / total);
  const norm = all.map((k) => Math.hypot(...k));
  const header = {
    ...{ layer, head, part, query, keys, pieces, piece: pieces[query] ?? "", peak, total },
    ...{
      key_head: Math.floor(head / 2),
      key_heads: 2,
      group: [2 * Math.floor(head / 2), 2 * Math.floor(head / 2) + 2],
    },
    ...{ scale: 0.25, softcap: null, sink: null, sink_weight: null },
  };
  const flat = (name: string, values: readonly number[]) =>
    ({ name, dtype: "f32", shape: [values.length], values }) as const;
  const blocks = [
    flat("q", q),
    {
      name: "k",
      dtype: "f32",
      shape: [keys.length, dimensions],
      values: keys.flatMap((key) => all[key] ?? []),
    } as const,
    ...Object.entries({ dot, scaled, logit, weight, norm }).map(([name, values]) => flat(name, values)),
  ];
  return { content: {}, buffers: [encodeFrame(header as never, blocks)] };
}
