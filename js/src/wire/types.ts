// The records that travel, as attnwidget/frames/README.md has them.

import type { ChangesRequest, CompareRequest, Difference, Expected, ExpectedRequest } from "./difference";
import type { Effects, EffectsRequest } from "./effects";
import type { Counterfactual, CounterfactualRequest } from "./experiments/counterfactual";
import type { Evidence, EvidenceRequest } from "./experiments/evidence";
import type { Variants, VariantsRequest } from "./experiments/variants";
import type { Flow, FlowRequest } from "./flow";
import type { Direct, DirectRequest, Lens, LensRequest } from "./lens";
import type { Changes, HeadFusion, HeadPair, Look } from "./look";
import type { SoundRequest, SoundTold, Spoken, TimePlace, Uploaded } from "./media/sound";
import type { Metric, MetricChoice, MetricRequest, Similar, SimilarRequest } from "./metric";
import type { Neuron, NeuronRequest } from "./neuron";
import type { SavedFinding, SavedPage } from "./page";
import type { PredictRequest, TextsRequest } from "./texts";
import type { AskedAnswer, Edits } from "./what-if";

export type { Answer, Ask, Ok } from "./answer";
export type { Flow, FlowRequest } from "./flow";
export type { Changes, HeadFusion, HeadPair, Look, Viewport } from "./look";
export type { SoundRequest, SoundTold, Spoken, TimePlace, Uploaded } from "./media/sound";
export type { Problem, Progress } from "./problem";
export type { TextsRequest } from "./texts";
export type { AskedAnswer, Edits, OffEdit, Shows } from "./what-if";
export type Direction = "reads" | "read_by";
export type MapSource = "head" | "layer" | "rollout";
/** What the stage shows. */
/** What the heads of a layer become: their mean, the chosen one, or at each token the largest of them. */
export type Fusion = "mean" | "single" | "max";
/** Two places, the second outside: tokens or UTF-16 units. */
export type Span = readonly [number, number];

export interface Traits {
  readonly text: string;
  /** The second text, "" for none: of a sentence pair, or what a decoder reads. */
  readonly pair: string;
  readonly layer: number;
  readonly head: number;
  readonly query: Span;
  readonly direction: Direction;
  readonly part: string;
  /** Which figure is beside the stage, 0 for none. */
  readonly chart: number;
  /** Of a view of the stage, as the registry names it. */
  readonly view: string;
  /** The heads that are looked at together, `layer` and `head` among them. */
  readonly heads: readonly HeadPair[];
  /** What is kept of each row, as `session/filter.ts` reads it. */
  readonly filter: string;
  readonly look: Look;
  /** What is changed in the computation, switched on or off. */
  readonly edits: Edits;
  readonly question: AskedAnswer;
}

export interface About {
  readonly version: string;
  readonly model: {
    readonly name: string;
    /** What names it to `aw.explore`: "" for the bundled model, null where it was given as an object. */
    readonly source: string | null;
    /** The class of the object. */
    readonly architecture: string;
    /** "" when unknown. */
    readonly kind: "decoder" | "encoder" | "encoder-decoder" | "two towers" | "";
    readonly layers: number;
    /** Of every layer, 0 for one without attention; empty when only the first frame will tell. */
    readonly heads: readonly number[];
    readonly parts: readonly string[];
    /** What a second text would be; null for a model that reads one. */
    readonly second: "pair" | "target" | null;
    readonly limit: number | null;
    readonly teaching: boolean;
    readonly path: Path;
    /** Whether it can be asked to continue; older kernels do not say. */
    readonly generates?: boolean;
    /** Where it reads no text, the text names what it reads. Text alone when not said. */
    readonly reads?: readonly Medium[];
    readonly predicts: Predicted | null;
  };
  readonly examples: readonly Example[];
  /** What can be asked of every head at once. */
  readonly metrics: readonly MetricChoice[];
  readonly editable: boolean;
  /** Why the text cannot be changed, where it cannot. */
  readonly fixed?: string;
  /** The text that was in the editor, where it is a conversation: its turns are known before it is read. */
  readonly chat?: { readonly text: string; readonly turns: readonly Turn[] };
  /** Ways of putting the text that were kept before this page was opened. */
  readonly variants?: readonly string[];
}

/** A text to begin with. */
export interface Example {
  readonly title: string;
  readonly text: string;
  /** The second text, of a model that reads two. */
  readonly pair?: string;
  readonly part?: string;
  /** A sentence on what to look for, and where it shows, as the traits have it. */
  readonly look?: string;
  readonly head?: HeadPair;
  readonly query?: Span;
  readonly view?: string;
}

/** A head that shows a pattern on a text, and the token that shows it best. */
export interface Sight {
  readonly layer: number;
  readonly head: number;
  readonly query: Span;
  readonly pattern: string;
  /** From 0, chance, to 1. */
  readonly score: number;
}

/** What a model reads. */
export type Medium = "text" | "picture" | "sound";

/** How the weights were obtained. */
export type Path = "interface" | "eager" | "function" | "given";
export type Predicted = "next token" | "this token" | "class" | "label" | "answer span";

export interface Predictions {
  readonly kind: Predicted;
  /** Null for what is predicted of the whole text: a class, an answer. */
  readonly position: number | null;
  readonly top: readonly { readonly piece: string; readonly probability: number }[];
  readonly actual: { readonly piece: string; readonly probability: number; readonly rank: number } | null;
}

/** One turn of a conversation, in UTF-16 units of its text. The template's own marks stand around what is said. */
export interface Turn {
  readonly role: string;
  /** Where its marks begin, where what is said begins and stops, and where its marks end. */
  readonly begin: number;
  readonly start: number;
  readonly stop: number;
  readonly end: number;
}

export interface Tokens {
  readonly pieces: readonly string[];
  readonly spans: readonly Span[];
  readonly words: readonly number[];
  readonly special: readonly boolean[];
  readonly padding: readonly boolean[];
  readonly segment: readonly number[];
  /** Where tokens stand in pictures, null for those that stand in none; absent where none does. */
  readonly places?: readonly (PatchPlace | null)[];
  /** Of a text: where tokens stand that stand for a part of a picture. */
  readonly placeholders?: readonly (PatchPlace | null)[];
  /** Where tokens stand in a sound, null for those that stand in none; absent where none does. */
  readonly times?: readonly (TimePlace | null)[];
  /** Where nodes stand in the picture of their graph; absent where tokens are none. */
  readonly nodes?: readonly NodePlace[];
  /** The text field in which each token stands, 0 or 1; the first for all of them when absent. Spans are places there. */
  readonly fields?: readonly number[];
}

/** A rectangle of a picture, in patches; the frame is that of a video. */
export type PatchPlace = readonly [
  picture: number,
  frame: number,
  row: number,
  column: number,
  rows: number,
  columns: number,
];

/** From 0 to 1, to the right and downwards. */
export type NodePlace = readonly [x: number, y: number];

/** A picture as the model saw it, in pixels, cut into patches. */
export interface PictureTold {
  /** The same for the same colours: they are asked for once. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly rows: number;
  readonly columns: number;
  readonly patch: readonly [height: number, width: number];
  /** What was done to it before, in words; "" where nothing is known. */
  readonly note: string;
  /** Of a video: the first of the frames that its tokens are made from, and how many. It shows the first. */
  readonly frames?: readonly [first: number, count: number];
}

export interface Stats {
  readonly entropy: number;
  readonly entropy_limit: number;
  /** Null where queries and keys are two texts. */
  readonly distance: number | null;
  readonly previous: number | null;
  readonly first: number;
  readonly sink: number;
}

export interface Header {
  /** The queries. */
  readonly tokens: Tokens;
  /** The keys, where they are another text; null where a text reads itself. */
  readonly key_tokens: Tokens | null;
  readonly layers: number;
  readonly heads: readonly number[];
  readonly part: string;
  readonly parts: readonly string[];
  readonly path: Path;
  readonly layer: number;
  readonly head: number;
  readonly query: Span;
  readonly direction: Direction;
  readonly source: MapSource;
  /** The heads that are chosen, one or several. */
  readonly chosen: readonly HeadPair[];
  /** The tokens of every unit, where words are shown: then `tokens` describes the units, and everything here counts them. */
  readonly units: readonly Span[] | null;
  /** The same of the keys, where they are another text. */
  readonly key_units?: readonly Span[] | null;
  /** What was on the sinks that are hidden, of a row on average. */
  readonly hidden: number;
  readonly norms: boolean;
  readonly causal: boolean;
  readonly sinks: readonly number[];
  readonly peak: number;
  readonly stats: Stats;
  readonly title: string;
  readonly recipe: string;
  readonly caution: string;
  /** Of a text that is a conversation. */
  readonly turns?: readonly Turn[];
  /** What is worth knowing of the text, a sentence each. */
  readonly notes?: readonly string[];
  /** Parts of the model that have no map over the whole of their input, and why not. */
  readonly refused?: Readonly<Record<string, string>>;
  /** What the model saw, where tokens stand in pictures. */
  readonly pictures?: readonly PictureTold[];
  /** What the model heard, where tokens stand in a sound; how much of the query's row lies on the padding behind it. */
  readonly sounds?: readonly SoundTold[];
  readonly padding_share?: number;
  /** When the words of the second text are said in it. */
  readonly spoken?: readonly Spoken[];
  /** Of a graph: the nodes that are read, and the nodes that read, of all layers together and without loops. */
  readonly edges?: readonly [readonly number[], readonly number[]];
  /** How many edges of the graph are not in `edges`. */
  readonly untold?: number;
  readonly predictions: Predictions | null;
  readonly truncated: { readonly shown: number; readonly total: number } | null;
  readonly pooling: number;
  readonly timing: { readonly trace: number; readonly frame: number };
  readonly blocks: readonly BlockEntry[];
  /** What was changed in the computation; absent where nothing was. */
  readonly edits?: Edits;
  /** The numbers are what the edits change, after minus before; `peak` is the largest size. */
  readonly signed?: true;
  /** What stands in the two text fields, of weights that were given. */
  readonly texts?: readonly [string, string | null];
}

export interface BlockEntry {
  readonly name: string;
  readonly dtype: "u8" | "f16" | "f32";
  readonly shape: readonly number[];
  readonly offset: number;
}

export interface Block<Data extends Float32Array | Uint8Array = Float32Array | Uint8Array> {
  readonly shape: readonly number[];
  readonly data: Data;
}

export interface Frame {
  readonly header: Header;
  readonly matrix: Block<Float32Array>;
  /** By key and by query. Of two texts, only the one that the query has. */
  readonly row: Float32Array | null;
  readonly column: Float32Array | null;
  readonly thumbnails: Block<Uint8Array> | null;
  readonly previews: Block<Uint8Array> | null;
  /** What became of the thumbnails, where the frame is signed: by head and cell, the change that is largest in size. */
  readonly changes?: Block<Float32Array> | null;
}

/** What is asked of a frame; `preview` asks the same. */
export interface FrameRequest extends TextsRequest, Changes {
  readonly layer: number;
  readonly head: number;
  readonly part: string;
  readonly direction: Direction;
  readonly source: MapSource;
  /** Two or more. */
  readonly heads?: readonly HeadPair[];
  readonly fusion?: HeadFusion;
  readonly caret?: Span;
  /** The text field of the caret, the first when not said. */
  readonly field?: number;
  /** In tokens, whatever is shown. */
  readonly query?: Span;
}

/** One query through all layers. */
export interface StripRequest extends TextsRequest, Changes {
  readonly query: Span;
  readonly part: string;
  readonly direction: Direction;
  readonly fusion: Fusion;
  readonly head: number;
}

export interface Strip {
  readonly layers: number;
  readonly tokens: number;
  readonly query: Span;
  readonly direction: Direction;
  readonly fusion: Fusion;
  readonly head: number;
  /** Of each layer. */
  readonly sinks: readonly (readonly number[])[];
  readonly recipe: string;
  /** The values are what the edits change, after minus before. */
  readonly signed?: true;
  /** By layer and token; not a number in layers without attention, or without the head. */
  readonly values: Float32Array;
}

/** What is asked of a tile: a rectangle of a map, in what it shows. `cell` asks the same, for what is under the pointer. */
export interface TileRequest extends TextsRequest, Changes {
  readonly layer: number;
  readonly head: number;
  readonly part: string;
  readonly source: MapSource;
  readonly heads?: readonly HeadPair[];
  readonly fusion?: HeadFusion;
  readonly rows: Span;
  readonly columns: Span;
  /** In the kernel's own precision, however large. */
  readonly exact?: true;
}

/** A rectangle of a map, not pooled; `precise` when it came as f32. */
export interface Tile {
  readonly rows: Span;
  readonly columns: Span;
  readonly values: Float32Array;
  readonly precise: boolean;
}

export type Request =
  | { readonly kind: "about" }
  | ({ readonly kind: "frame" } & FrameRequest)
  | ({ readonly kind: "preview" } & FrameRequest)
  | ({ readonly kind: "predict" } & PredictRequest)
  | { readonly kind: "verify"; readonly text: string; readonly pair?: string }
  | ({ readonly kind: "tile" } & TileRequest)
  | ({ readonly kind: "cell" } & TileRequest)
  | ({ readonly kind: "strip" } & StripRequest)
  | ({ readonly kind: "flow" } & FlowRequest)
  | ({ readonly kind: "lens" } & LensRequest)
  | ({ readonly kind: "direct" } & DirectRequest)
  | ({ readonly kind: "compare" } & CompareRequest)
  | ({ readonly kind: "changes" } & ChangesRequest)
  | ({ readonly kind: "expected" } & ExpectedRequest)
  | ({ readonly kind: "neuron" } & NeuronRequest)
  | ({ readonly kind: "picture" } & PictureRequest)
  | ({ readonly kind: "spectrogram" } & SoundRequest)
  | ({ readonly kind: "sound" } & SoundRequest)
  | ({ readonly kind: "metric" } & MetricRequest)
  | ({ readonly kind: "similar" } & SimilarRequest)
  | ({ readonly kind: "effects" } & EffectsRequest)
  | ({ readonly kind: "evidence" } & EvidenceRequest)
  | ({ readonly kind: "variants" } & VariantsRequest)
  | ({ readonly kind: "counterfactual" } & CounterfactualRequest)
  | ({ readonly kind: "continue" } & ContinueRequest)
  | { readonly kind: "page" }
  | { readonly kind: "finding"; readonly caption: string; readonly exact: boolean }
  | { readonly kind: "still"; readonly caption?: string }
  | { readonly kind: "upload" }
  | { readonly kind: "chart"; readonly theme: Theme }
  | { readonly kind: "bokeh" };

/** The colours of a picture, as a file. */
export interface PictureRequest extends TextsRequest {
  readonly name: string;
}

/** At most so many tokens more. */
export interface ContinueRequest {
  readonly text: string;
  readonly pair?: string;
  readonly edits?: readonly string[];
  readonly count: number;
}

/** What a model has written after a text, or after the target. */
export interface Continued {
  readonly text: string;
  readonly tokens: number;
  /** Whether it came to an end by itself. */
  readonly ended: boolean;
}

export type Theme = "light" | "dark";

/** What a notebook keeps of an explorer: outputs as nbformat has them, the first of them HTML that says whose they are. */
export interface StoredStill {
  readonly name: string;
  readonly outputs: readonly {
    readonly data: Readonly<Record<string, string>>;
    readonly metadata: Readonly<Record<string, unknown>>;
  }[];
}

/** A figure as Bokeh's `json_item` has it, and the version of the BokehJS that can draw it. */
export interface Chart {
  readonly version: string;
  readonly item: unknown;
}

export interface Verification {
  readonly error: number;
  readonly path: string;
}

/** What `ok` answers hold, by kind of request. */
export interface Replies {
  readonly about: About;
  readonly frame: Frame;
  readonly preview: Frame;
  readonly predict: Predictions | null;
  readonly verify: Verification | null;
  readonly tile: Tile;
  readonly cell: Tile;
  readonly strip: Strip;
  readonly flow: Flow;
  readonly lens: Lens;
  readonly direct: Direct;
  readonly compare: Difference;
  readonly changes: Metric;
  readonly expected: Expected | null;
  readonly neuron: Neuron;
  readonly picture: Blob;
  readonly spectrogram: Blob;
  readonly sound: Blob;
  readonly metric: Metric;
  readonly similar: Similar;
  readonly effects: Effects;
  readonly evidence: Evidence;
  readonly variants: Variants;
  readonly counterfactual: Counterfactual;
  readonly continue: Continued;
  readonly page: SavedPage;
  readonly finding: SavedFinding;
  readonly upload: Uploaded;
  /** It went into the notebook; older kernels do not say what. */
  readonly still: StoredStill | null;
  readonly chart: Chart;
  /** The text of BokehJS. */
  readonly bokeh: string;
}

/** Up to so many tokens the kernel keeps every weight of a map: nothing of it is sampled, and it is sent as f32. */
export const keptWhole = 192;
