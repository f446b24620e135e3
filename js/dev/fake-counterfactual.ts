import type { Counterfactual, CounterfactualRequest } from "../src/wire/experiments/counterfactual";

type Told = Omit<Counterfactual, "own" | "found">;

/** Attention of the last row that is moved to the first token, and the same answer. */
export function fakeCounterfactual(
  { name, layer, head, position = 0 }: CounterfactualRequest,
  pieces: readonly string[],
): { readonly told: Told; readonly buffers: ArrayBuffer[] } {
  const size = pieces.length;
  const [own, found] = [new Float32Array(size * size), new Float32Array(size * size)];
  for (let row = 0; row < size; row++) {
    own[row * size + row] = 1;
    found[row * size + (row === size - 1 ? 0 : row)] = 1;
  }
  const told: Told = {
    name,
    head: head < 0 ? `L${layer}` : `L${layer}H${head}`,
    token: position,
    answer: { words: "' Miro'", at: size - 1, unit: "nats" },
    distance: 0.57,
    furthest: 0.66,
    change: 0.009,
    epsilon: 0.05,
    steps: 150,
    held: true,
    before: -1.9,
    after: -1.91,
    mass: name === "away" ? [1, 0.02] : null,
    counted: [size - 1],
    sizes: [size, size],
    pieces,
    recipe: "adversarial attention",
  };
  return { told, buffers: [own.buffer as ArrayBuffer, found.buffer as ArrayBuffer] };
}
