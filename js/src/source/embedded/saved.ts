import { type Container, decodeContainer } from "../../wire/decode";
import type { Metric } from "../../wire/metric";
import type { NeuronHeader } from "../../wire/neuron";
import type { About, Header, MapSource, Predictions, Span, Stats, Tokens } from "../../wire/types";

/** What the kernel said of one map. */
export interface Facts {
  readonly title: string;
  readonly recipe: string;
  readonly sinks: readonly number[];
  readonly peak: number;
  readonly stats: Stats;
}

/** By layer how many other queries can see each key, where more than causality and padding hides some. */
export type Readers = Readonly<Record<number, readonly number[]>>;

/** What is known of the head whose q and k the file holds. */
export type SavedNeuron = Pick<
  NeuronHeader,
  "layer" | "head" | "part" | "key_head" | "key_heads" | "group" | "scale" | "softcap" | "sink"
>;

/** Everything in a saved page that is not an array. */
export interface SavedHeader {
  readonly about: About;
  /** How the explorer stood when it was saved, its text among them. */
  readonly traits: Readonly<Record<string, unknown>>;
  readonly frame: Pick<
    Header,
    "tokens" | "layers" | "heads" | "part" | "parts" | "path" | "causal" | "truncated" | "edits"
  >;
  /** Whose rows and columns are exact, in every head. */
  readonly query: Span;
  /** The head whose map is exact. */
  readonly exact: readonly [layer: number, head: number];
  /** The heads whose maps are whole, in the order of the block `maps`. */
  readonly held: readonly (readonly [layer: number, head: number])[];
  /** By `layer head`, `layer`, and `rollout`. */
  readonly facts: Readonly<Record<string, Facts>>;
  readonly cautions: Readonly<Record<MapSource | "heads" | "max", string>>;
  /** The words of the text, and what their tokens are. */
  readonly words: { readonly tokens: Tokens; readonly ranges: readonly Span[]; readonly readers: Readers };
  readonly readers: Readers;
  /** Why there are no norms of values; null where there are. */
  readonly normless: string | null;
  /** By name; a sentence for one that this trace does not have. */
  readonly metrics: Readonly<Record<string, (Omit<Metric, "values"> & { readonly place: number }) | string>>;
  /** By `layer head`: layer, head and distance of those that read most like it. */
  readonly similar: {
    readonly nearest: Readonly<Record<string, readonly (readonly [number, number, number])[]>>;
    readonly recipe: string;
  };
  /** By token; one for all where the whole text has one. */
  readonly predictions: readonly (Predictions | null)[];
  /** Sinks of every layer's fused map. */
  readonly sinks: Readonly<Record<"mean" | "max", readonly (readonly number[])[]>>;
  /** Whether those were told by some of the rows. */
  readonly sampled: boolean;
  /** Steps of the logarithmic scale in one e-fold. */
  readonly steps: number;
  /** What a recipe adds where weights come in steps. */
  readonly note: string;
  /** What a measure's recipe says of the part. */
  readonly part_note: string;
  /** The sentence about what is not in the file. */
  readonly missing: string;
  /** Absent where the file has no q and k. */
  readonly neuron?: SavedNeuron;
}

export type Saved = Container<SavedHeader>;

/** The text of a saved page's data -> its records: base64 around gzip, both undone by the browser itself. */
export async function readSaved(base64: string): Promise<Saved> {
  const signs = atob(base64.trim());
  // A plain loop: with a function for each of three million signs it would be the longest part of opening a page.
  const packed = new Uint8Array(signs.length);
  for (let at = 0; at < packed.length; at++) packed[at] = signs.charCodeAt(at);
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return decodeContainer<SavedHeader>(await new Response(unpacked).arrayBuffer());
}
