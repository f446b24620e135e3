import type { Neuron, NeuronRequest } from "../../wire/neuron";
import { NotSaved } from "./maps/maps";
import type { Saved, SavedNeuron } from "./saved";

const none =
  "This saved page has no q and k: they are saved for texts of up to 512 tokens, and only for models that expose them.";

/** What the kernel would say of q and k: worked out from those of the one head that the file holds. Raises NotSaved for others. */
export function composeNeuron({ header, read }: Saved, request: NeuronRequest): Neuron {
  const facts = header.neuron;
  if (facts === undefined) throw new NotSaved(none);
  const { layer, head } = request;
  if (layer !== facts.layer || head !== facts.head)
    throw new NotSaved(`This saved page holds q and k of L${facts.layer}H${facts.head} only.`);
  const floats = (name: string) => {
    const data = read(name)?.data;
    return data instanceof Float32Array ? data : null;
  };
  const { pieces } = header.frame.tokens;
  const count = pieces.length;
  const queries = floats("neuron_q") ?? new Float32Array();
  const keys = floats("neuron_k") ?? new Float32Array();
  const dim = queries.length / count;
  const query = Math.max(0, Math.min(request.query[1] - 1, count - 1));
  // What lies behind a sound adds something else to every row.
  const own = { ...facts, sink: floats("neuron_sink")?.[query] ?? facts.sink };
  const q = queries.slice(query * dim, (query + 1) * dim);
  const keyOf = (key: number) => keys.subarray(key * dim, (key + 1) * dim);
  const row = <Data extends Float32Array | Uint8Array>(values: Data | null) =>
    values?.subarray(query * count, (query + 1) * count) ?? null;
  const masked = row((read("neuron_masked")?.data ?? null) as Uint8Array | null);
  const bias = row(floats("neuron_bias"));
  const k = new Float32Array(request.keys.length * dim);
  request.keys.forEach((key, place) => {
    k.set(keyOf(key), place * dim);
  });
  const dots = Array.from({ length: count }, (_, key) => product(q, keyOf(key)));
  return {
    ...own,
    ...{ query, keys: request.keys, pieces, piece: pieces[query] ?? "", q, k },
    ...stepsFrom(dots, own, bias, masked),
    norm: Float32Array.from({ length: count }, (_, key) => Math.sqrt(product(keyOf(key), keyOf(key)))),
  };
}

function product(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] as number) * (other[at] as number);
  return sum;
}

/** From q·k to the weights, as the kernel does it. */
function stepsFrom(
  dots: readonly number[],
  { scale, softcap, sink }: SavedNeuron,
  bias: ArrayLike<number> | null,
  masked: ArrayLike<number> | null,
) {
  const scaled = dots.map((dot) => dot * scale);
  const capped = softcap === null ? null : scaled.map((value) => softcap * Math.tanh(value / softcap));
  const logit = (capped ?? scaled).map((value, key) =>
    masked?.[key] === 1 ? Number.NEGATIVE_INFINITY : value + (bias?.[key] ?? 0),
  );
  const peak = Math.max(...logit, sink ?? Number.NEGATIVE_INFINITY);
  const powers = logit.map((value) => Math.exp(value - peak));
  const sinking = sink === null ? 0 : Math.exp(sink - peak);
  const total = powers.reduce((sum, power) => sum + power, sinking);
  const some = logit.some(Number.isFinite);
  const added = bias !== null && Array.from(bias).some((value) => value !== 0);
  return {
    dot: Float32Array.from(dots),
    scaled: Float32Array.from(scaled),
    capped: capped && Float32Array.from(capped),
    bias: added ? Float32Array.from(bias) : null,
    logit: Float32Array.from(logit),
    weight: Float32Array.from(powers, (power) => (some ? power / total : 0)),
    peak: some ? peak : null,
    total: some ? total : null,
    sink_weight: some && sink !== null ? sinking / total : null,
  };
}
