import { decodeBlocks, WireError } from "./decode";
import type { Span, TextsRequest } from "./types";

/** How the weights of one query of one head come about: the first token of `query` is meant. */
export interface NeuronRequest extends TextsRequest {
  readonly layer: number;
  readonly head: number;
  readonly part: string;
  readonly query: Span;
  /** Those whose vectors are wanted; every step comes for all keys. */
  readonly keys: readonly number[];
}

export interface NeuronHeader {
  readonly layer: number;
  readonly head: number;
  readonly part: string;
  readonly query: number;
  readonly keys: readonly number[];
  readonly piece: string;
  /** Of all keys. */
  readonly pieces: readonly string[];
  readonly key_head: number;
  readonly key_heads: number;
  /** The heads that share the key head: the second outside. */
  readonly group: Span;
  readonly scale: number;
  readonly softcap: number | null;
  /** weight = e^(logit - peak) / total; null where nothing may be read. */
  readonly peak: number | null;
  readonly total: number | null;
  /** The logit that takes part in the softmax and reads nothing, and its share. */
  readonly sink: number | null;
  readonly sink_weight: number | null;
}

export interface Neuron extends NeuronHeader {
  readonly q: Float32Array;
  /** By asked key and dimension. */
  readonly k: Float32Array;
  /** By key, as all that follow. */
  readonly dot: Float32Array;
  readonly scaled: Float32Array;
  readonly capped: Float32Array | null;
  readonly bias: Float32Array | null;
  /** -Infinity for a key that is masked. */
  readonly logit: Float32Array;
  readonly weight: Float32Array;
  readonly norm: Float32Array;
}

/** Bytes -> Neuron. */
export function decodeNeuron(source: ArrayBuffer | ArrayBufferView): Neuron {
  const { header, floats } = decodeBlocks(source);
  const told = header as NeuronHeader;
  const sized = (name: string, size: number) => {
    const found = floats(name);
    if (found !== null && found.length !== size) throw new WireError(`block ${name} has the wrong size`);
    return found;
  };
  const needed = (name: string, size: number) => {
    const found = sized(name, size);
    if (found === null) throw new WireError(`no block ${name}`);
    return found;
  };
  const count = told.pieces.length;
  const q = floats("q") ?? new Float32Array();
  return {
    ...told,
    q,
    k: needed("k", told.keys.length * q.length),
    dot: needed("dot", count),
    scaled: needed("scaled", count),
    capped: sized("capped", count),
    bias: sized("bias", count),
    logit: needed("logit", count),
    weight: needed("weight", count),
    norm: needed("norm", count),
  };
}
