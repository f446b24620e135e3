// The records that travel, as attnwidget/frames/README.md has them.

export type Direction = "reads" | "read_by";
export type MapSource = "head" | "layer" | "rollout";
/** Two places, the second outside: tokens or UTF-16 units. */
export type Span = readonly [number, number];

export interface Traits {
  readonly text: string;
  readonly layer: number;
  readonly head: number;
  readonly query: Span;
  readonly direction: Direction;
  readonly part: string;
}

export interface About {
  readonly version: string;
  readonly model: {
    readonly name: string;
    /** "" when unknown. */
    readonly kind: "decoder" | "encoder" | "encoder-decoder" | "two towers" | "";
    readonly layers: number;
    /** Of every layer, 0 for one without attention; empty when only the first frame will tell. */
    readonly heads: readonly number[];
    readonly parts: readonly string[];
    readonly limit: number | null;
    readonly teaching: boolean;
    readonly path: Path;
    readonly predicts: Predicted | null;
  };
  readonly examples: readonly { readonly title: string; readonly text: string }[];
  readonly editable: boolean;
}

/** How the weights were come by. */
export type Path = "interface" | "eager" | "function" | "given";
export type Predicted = "next token" | "this token" | "class" | "label" | "answer span";

export interface Predictions {
  readonly kind: Predicted;
  /** Null for what is predicted of the whole text: a class, an answer. */
  readonly position: number | null;
  readonly top: readonly { readonly piece: string; readonly probability: number }[];
  readonly actual: { readonly piece: string; readonly probability: number; readonly rank: number } | null;
}

export interface Tokens {
  readonly pieces: readonly string[];
  readonly spans: readonly Span[];
  readonly words: readonly number[];
  readonly special: readonly boolean[];
  readonly padding: readonly boolean[];
  readonly segment: readonly number[];
}

export interface Stats {
  readonly entropy: number;
  readonly entropy_limit: number;
  readonly distance: number;
  readonly previous: number;
  readonly first: number;
  readonly sink: number;
}

export interface Header {
  readonly tokens: Tokens;
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
  readonly causal: boolean;
  readonly sinks: readonly number[];
  readonly peak: number;
  readonly stats: Stats;
  readonly title: string;
  readonly recipe: string;
  readonly caution: string;
  readonly predictions: Predictions | null;
  readonly truncated: { readonly shown: number; readonly total: number } | null;
  readonly pooling: number;
  readonly timing: { readonly trace: number; readonly frame: number };
  readonly blocks: readonly BlockEntry[];
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
  readonly row: Float32Array;
  readonly column: Float32Array;
  readonly thumbnails: Block<Uint8Array> | null;
  readonly previews: Block<Uint8Array> | null;
}

/** What is asked of a frame; `preview` asks the same. */
export interface FrameRequest {
  readonly text: string;
  readonly layer: number;
  readonly head: number;
  readonly part: string;
  readonly direction: Direction;
  readonly source: MapSource;
  readonly caret?: Span;
  readonly query?: Span;
  readonly first?: true;
}

export type Request =
  | { readonly kind: "about" }
  | ({ readonly kind: "frame" } & FrameRequest)
  | ({ readonly kind: "preview" } & FrameRequest)
  | { readonly kind: "predict"; readonly text: string; readonly position: number; readonly first?: true }
  | { readonly kind: "verify"; readonly text: string };

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
}

export interface Problem {
  /** `closed` is the page's own: nobody listens any more. */
  readonly code: "too_long" | "too_large" | "empty" | "bad_request" | "failed" | "closed";
  readonly message: string;
  readonly tokens?: number;
  readonly limit?: number;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export type Answer<Reply> =
  | { readonly status: "ok"; readonly id: string; readonly reply: Reply }
  | { readonly status: "superseded"; readonly id: string }
  | { readonly status: "error"; readonly id: string; readonly problem: Problem };

export type Ask = <Kind extends Request["kind"]>(
  request: Extract<Request, { kind: Kind }>,
  onProgress?: (progress: Progress) => void,
) => Promise<Answer<Replies[Kind]>>;
