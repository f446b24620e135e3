import type { CompareRequest, ExpectedRequest } from "../src/wire/difference";
import type { FlowRequest } from "../src/wire/flow";
import type {
  About,
  Direction,
  FrameRequest,
  Header,
  MapSource,
  Predictions,
  Request,
  Span,
  StripRequest,
  TileRequest,
  Turn,
} from "../src/wire/types";
import { encodeFrame } from "./encode";
import { columnOf, headMap, rowOf } from "./fake-attention";
import { fakeCounterfactual } from "./fake-counterfactual";
import { fakeChoices, fakeEffects, fakeEvidence, fakeMetric, fakeSimilar } from "./fake-heads";
import { fakeDirect, fakeLens } from "./fake-lens";
import type { FakeModel } from "./fake-models";
import { fakeVariants } from "./fake-variants";
import { fakeNeuron } from "./neuron";

/** The turns of a text that is all ChatML. */
function chatOf(text: string): Pick<Header, "turns"> {
  const turns: Turn[] = [];
  let place = 0;
  for (const match of text.matchAll(/<\|im_start\|>(\w+)\n([\s\S]*?)(?:<\|im_end\|>\n|$)/g)) {
    const [whole, role = "", said = ""] = match;
    if (match.index !== place) return {};
    const start = place + `<|im_start|>${role}\n`.length;
    turns.push({ role, begin: place, start, stop: start + said.length, end: place + whole.length });
    place += whole.length;
  }
  return turns.length > 0 && place === text.length ? { turns } : {};
}

const limit = 512;

/** A kernel that thinks up attention: patterns that real heads have, from a fixed seed. */
export class FakeKernel {
  /** How often the model was trained: its numbers and the names of its readings are others then. */
  trained = 0;

  constructor(readonly model: FakeModel) {}

  answer(request: Request): { content: Record<string, unknown>; buffers: ArrayBuffer[] } {
    if (!("text" in request) || request.kind === "verify" || request.kind === "continue")
      return this.told(request);
    const reading = `${this.trained} ${request.text}`;
    if (!["", undefined, reading].includes(request.reading))
      return { content: { status: "changed", reading }, buffers: [] };
    const { content, buffers } = this.told(request);
    return { content: { reading, ...content }, buffers };
  }

  private told(request: Request): { content: Record<string, unknown>; buffers: ArrayBuffer[] } {
    switch (request.kind) {
      case "about":
        return { content: { about: this.about() }, buffers: [] };
      case "frame":
      case "preview":
        return this.frame(request, request.kind === "frame");
      case "tile":
      case "cell":
        return this.tile(request);
      case "predict":
        return {
          content: { predictions: this.predict(this.tokenise(request.text), request.position) },
          buffers: [],
        };
      case "verify":
        return { content: { verify: { error: 2.1e-7, path: "interface" } }, buffers: [] };
      case "strip":
        return this.strip(request);
      case "flow":
        return this.flow(request);
      case "lens":
        return fakeLens(this.tokenise(request.text).pieces, request, this.model.layers);
      case "direct":
        return fakeDirect(request, this.model.layers, this.model.heads);
      case "compare":
        return this.compare(request);
      case "changes":
        return this.changes();
      case "expected":
        return this.expected(request);
      case "neuron":
        return fakeNeuron(this.tokenise(request.text).pieces, request, this.model.kind === "decoder");
      case "picture":
      case "spectrogram":
      case "sound":
      case "upload":
        return { content: { status: "error", code: "bad_request", message: "No files." }, buffers: [] };
      case "metric": {
        const { told, values } = fakeMetric(
          this.headsByLayer(this.model.layers, this.model.heads),
          request.name,
        );
        return { content: { metric: told }, buffers: [values.buffer as ArrayBuffer] };
      }
      case "similar": {
        const { layer, head, count } = request;
        const counts = this.headsByLayer(this.model.layers, this.model.heads);
        return { content: { similar: fakeSimilar(counts, layer, head, count) }, buffers: [] };
      }
      case "effects": {
        const { pieces } = this.tokenise(request.text);
        const counts =
          request.name === "tokens"
            ? [pieces.length]
            : this.headsByLayer(this.model.layers, this.model.heads);
        const { told, values } = fakeEffects(counts, request);
        return { content: { effects: told }, buffers: [values.buffer as ArrayBuffer] };
      }
      case "evidence": {
        const { pieces } = this.tokenise(request.text);
        const { told, values } = fakeEvidence(pieces, pieces.length - 1);
        return { content: { evidence: told }, buffers: [values.buffer as ArrayBuffer] };
      }
      case "variants": {
        const texts = [request.text, ...request.texts.filter((text) => text !== request.text)];
        return { content: { variants: fakeVariants(texts) }, buffers: [] };
      }
      case "counterfactual": {
        const { told, buffers } = fakeCounterfactual(request, request.text.split(/(?= )/));
        return { content: { counterfactual: told }, buffers };
      }
      case "continue":
        return {
          content: { continued: { text: " Yes.", tokens: 2, ended: true } },
          buffers: [],
        };
      case "chart":
      case "bokeh":
        return problem("bad_request", "The demo has no charts.");
      case "still":
        return { content: {}, buffers: [] };
      case "finding":
        return {
          content: { name: "demo.json", words: "demo" },
          buffers: [new TextEncoder().encode("{}").buffer],
        };
      case "page":
        return { content: { name: "demo.html" }, buffers: [new TextEncoder().encode("<p>demo").buffer] };
    }
  }

  /** Every token keeps half of what reaches it, and the one before it gets the other half. */
  private flow({ text, position }: FlowRequest) {
    const { pieces } = this.tokenise(text);
    const query = Math.min(position, pieces.length - 1);
    const { layers } = this.model;
    const reached = new Float32Array((layers + 1) * pieces.length);
    const [ends, shares]: [number[], number[]] = [[], []];
    reached[layers * pieces.length + query] = 1;
    for (let level = layers - 1; level >= 0; level--) {
      for (let target = 0; target < pieces.length; target++) {
        const share = (reached[(level + 1) * pieces.length + target] as number) / 2;
        for (const source of share > 0 ? [target, Math.max(0, target - 1)] : []) {
          reached[level * pieces.length + source] =
            (reached[level * pieces.length + source] as number) + share;
          ends.push(level, source, target);
          shares.push(share);
        }
      }
    }
    const attending = Array.from({ length: layers }, (_, layer) => layer);
    const flow = {
      query,
      levels: layers + 1,
      pieces,
      attending,
      kept: attending.map(() => 1),
      recipe: "thought up",
    };
    return {
      content: { flow },
      buffers: [reached.buffer, Uint32Array.from(ends).buffer, Float32Array.from(shares).buffer],
    };
  }

  /** What is expected in both texts; what was held expected less of it, the further down. */
  private expected({ text, against, position }: ExpectedRequest) {
    const found = this.predict(this.tokenise(text), position);
    const held = this.predict(this.tokenise(against), position);
    if (found === null || held === null) return { content: { expected: null }, buffers: [] };
    const rows = found.top.map(({ piece, probability }, place) => ({
      piece,
      before: (held.top[place]?.probability ?? 0) / (place + 1),
      after: probability,
    }));
    return {
      content: { expected: { kind: found.kind, position: found.position, held: held.position, rows } },
      buffers: [],
    };
  }

  /** Token stands beside token: what differs was replaced. */
  private compare({ text, against, layer, head }: CompareRequest) {
    const before = this.tokenise(against).pieces;
    const { pieces } = this.tokenise(text);
    const held = pieces.map((piece, place) => before[place] ?? piece);
    const places = pieces.map((_, place) => place);
    const values = Float32Array.from(
      places.flatMap((row) => places.map((column) => (row === column ? 0.5 : -0.1))),
    );
    const replaced = places
      .filter((place) => held[place] !== pieces[place])
      .map((place) => ({
        first: [place, place + 1],
        second: [place, place + 1],
        before: held[place]?.trim(),
        after: pieces[place]?.trim(),
      }));
    const shared = { queries: places, keys: places, heldQueries: places, heldKeys: places };
    const named = {
      queryPieces: pieces,
      keyPieces: pieces,
      heldQueryPieces: held,
      heldKeyPieces: held,
      replaced,
      counts: [held.length, pieces.length],
    };
    const difference = { layer, head, ...shared, ...named, dropped: [0, 0], recipe: "thought up" };
    return { content: { difference }, buffers: [values.buffer] };
  }

  /** The first head changes most. */
  private changes() {
    const { layers, heads } = this.model;
    const values = Float32Array.from({ length: layers * heads }, (_, index) => 0.5 / (index + 1));
    const shared = { name: "change", unit: "change", low: 0, high: 0.5, recipe: "thought up" };
    const metric = { ...shared, layers, heads, measured: [layers, layers], labels: null };
    return { content: { metric }, buffers: [values.buffer] };
  }

  private about(): About {
    const { name, kind, layers, heads, teaching, predicts } = this.model;
    return {
      version: "0.1.0",
      model: {
        source: null,
        architecture: "DemoModel",
        name,
        kind,
        layers,
        heads: this.headsByLayer(layers, heads),
        second: null,
        parts: [this.model.part ?? "self"],
        limit,
        teaching,
        path: this.model.path ?? "interface",
        generates: this.model.kind === "decoder",
        predicts,
      },
      examples: [
        {
          title: "The bank of the river",
          text: "The capital of France is Paris. The river bank was quiet, so she walked to the bank for money.",
        },
        {
          title: "A few words",
          text: "the cat sat on",
          look: "“on” reads “sat”.",
          head: [1, 2],
          query: [3, 4],
          view: "lines",
        },
        { title: "Emoji and Arabic", text: "wave 👋🏽 مرحبا بالعالم <b>bold</b>\nsecond line" },
      ],
      metrics: fakeChoices,
      editable: true,
    };
  }

  private headsByLayer(layers: number, heads: number): number[] {
    const { every = 1 } = this.model;
    return Array.from({ length: layers }, (_, layer) => (layer % every === every - 1 ? heads : 0));
  }

  tokenise(text: string): Header["tokens"] {
    const found = [...text.matchAll(/\p{L}+|\p{N}+|\n+|[^\s]/gu)];
    const pieces = found.map(([piece]) => piece);
    const spans: Span[] = found.map((match) => [match.index, match.index + match[0].length]);
    const encoder = this.model.kind === "encoder";
    const lead = encoder ? ["[CLS]"] : [];
    const trail = encoder ? ["[SEP]"] : [];
    const all = [...lead, ...pieces, ...trail];
    const special = [...lead.map(() => true), ...pieces.map(() => false), ...trail.map(() => true)];
    let word = 0;
    return {
      pieces: all,
      spans: [...lead.map((): Span => [-1, -1]), ...spans, ...trail.map((): Span => [-1, -1])],
      words: special.map((mark) => (mark ? -1 : word++)),
      special,
      padding: all.map(() => false),
      segment: all.map(() => 0),
    };
  }

  private frame(request: FrameRequest, whole: boolean) {
    const all = this.tokenise(request.text);
    if (all.spans.every(([start]) => start < 0))
      return problem("empty", "There is no text to read yet. Type a few words.");
    const total = all.pieces.length;
    if (total > limit && request.first !== true) {
      return problem(
        "too_long",
        `This text has ${total} tokens; ${this.model.name} reads at most ${limit}.`,
        { tokens: total, limit },
      );
    }
    const tokens = total > limit ? cut(all, limit) : all;
    const count = tokens.pieces.length;
    const query = request.query
      ? clampSpan(request.query, count)
      : this.caret(tokens, request.caret ?? [0, 0]);
    const matrix = this.map(request.source, request.layer, request.head, count);
    const header = this.header(request, tokens, query, matrix, total > limit ? total : null);
    const blocks = [
      { name: "matrix", dtype: count <= 192 ? "f32" : "f16", shape: [count, count], values: matrix } as const,
      { name: "row", dtype: "f32", shape: [count], values: rowOf(matrix, count, query) } as const,
      { name: "column", dtype: "f32", shape: [count], values: columnOf(matrix, count, query) } as const,
      ...(whole ? this.overview(count, query, request.direction) : []),
    ];
    const { sights } = this.model;
    return { content: sights === undefined ? {} : { sights }, buffers: [encodeFrame(header, blocks)] };
  }

  private strip({ text, query, direction, fusion, head }: StripRequest) {
    const count = this.tokenise(text).pieces.length;
    const span = clampSpan(query, count);
    const heads = this.headsByLayer(this.model.layers, this.model.heads);
    const values = new Float32Array(heads.length * count).fill(Number.NaN);
    heads.forEach((number, layer) => {
      const chosen = fusion === "single" ? [head] : Array.from({ length: number }, (_, index) => index);
      if (number === 0) return;
      const vectors = chosen.map((index) => {
        const map = this.map("head", layer, index, count);
        return direction === "reads" ? rowOf(map, count, span) : columnOf(map, count, span);
      });
      const fuse = (all: number[]) =>
        fusion === "max" ? Math.max(...all) : all.reduce((sum, one) => sum + one, 0) / all.length;
      for (let token = 0; token < count; token++)
        values[layer * count + token] = fuse(vectors.map((vector) => vector[token] as number));
    });
    const sinks = heads.map(() => (direction === "reads" && count > 3 ? [0] : []));
    const recipe = "softmax weights, fp32, mean of the heads in each layer, no renormalisation";
    const sizes = { layers: heads.length, tokens: count, sinks, recipe };
    return {
      content: { strip: { query: span, direction, fusion, head, ...sizes } },
      buffers: [values.buffer as ArrayBuffer],
    };
  }

  private tile({ text, source, layer, head, rows, columns }: TileRequest) {
    const count = Math.min(limit, this.tokenise(text).pieces.length);
    const map = this.map(source, layer, head, count);
    const [height, width] = [rows[1] - rows[0], columns[1] - columns[0]];
    const values = Array.from({ length: height }, (_, row) =>
      Array.from(map.subarray((rows[0] + row) * count).subarray(columns[0], columns[1])),
    ).flat();
    const block = { name: "matrix", dtype: "f32", shape: [height, width], values } as const;
    return { content: {}, buffers: [encodeFrame({ rows, columns } as never, [block])] };
  }

  private header(
    request: FrameRequest,
    tokens: Header["tokens"],
    query: Span,
    matrix: Float32Array,
    total: number | null,
  ) {
    const { layers, heads, kind, teaching } = this.model;
    const { layer, head, source } = request;
    const count = tokens.pieces.length;
    const sinks = count > 3 ? [0] : [];
    let peak = 0;
    matrix.forEach((value, index) => {
      if (index >= count && index % count !== 0) peak = Math.max(peak, value);
    });
    const titles: Record<MapSource, string> = {
      head: `Layer ${layer} · Head ${head}`,
      layer: `Layer ${layer} · mean of ${heads} heads`,
      rollout: "Rollout · all layers",
    };
    return {
      tokens,
      ...chatOf(request.text),
      key_tokens: null,
      layers,
      heads: this.headsByLayer(layers, heads),
      part: this.model.part ?? "self",
      parts: [this.model.part ?? "self"],
      path: this.model.path ?? "interface",
      layer,
      head,
      query,
      direction: request.direction,
      source,
      chosen: request.heads ?? ([[layer, head]] as const),
      units: null,
      hidden: 0,
      norms: true,
      causal: kind === "decoder",
      sinks,
      peak,
      stats: {
        entropy: 1.94,
        entropy_limit: Math.log(count),
        distance: 5.1,
        previous: 0.06,
        first: 0.11,
        sink: 0.31,
      },
      title: titles[source],
      recipe:
        source === "rollout"
          ? "attention rollout, residual 0.5, mean of heads; rows sum to 1.000"
          : "softmax weights, one head, no renormalisation; rows sum to 1.000",
      caution: teaching
        ? "Attention says where the head looked, not what mattered. This small model learnt a made-up language."
        : "Attention says where the head looked, not what mattered.",
      predictions: this.predict(tokens, query[1] - 1),
      truncated: total === null ? null : { shown: count, total },
      pooling: 1,
      timing: { trace: 4.2, frame: 1.1 },
    };
  }

  private overview(count: number, query: Span, direction: Direction) {
    const { layers, heads } = this.model;
    const side = Math.min(count, 32);
    const thumbnails = new Uint8Array(layers * heads * side * side);
    const previews = new Uint8Array(layers * heads * count);
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const map = this.map("head", layer, head, count);
        const start = (layer * heads + head) * side * side;
        for (let row = 0; row < side; row++) {
          for (let key = 0; key < count; key++) {
            const place = start + row * side + Math.floor((key * side) / count);
            const byte = Math.round(
              Math.sqrt(map[Math.floor((row * count) / side) * count + key] as number) * 255,
            );
            thumbnails[place] = Math.max(thumbnails[place] as number, byte);
          }
        }
        const vector = direction === "reads" ? rowOf(map, count, query) : columnOf(map, count, query);
        vector.forEach((weight, token) => {
          previews[(layer * heads + head) * count + token] = Math.round(Math.sqrt(Math.min(1, weight)) * 255);
        });
      }
    }
    return [
      { name: "thumbnails", dtype: "u8", shape: [layers, heads, side, side], values: thumbnails } as const,
      { name: "previews", dtype: "u8", shape: [layers, heads, count], values: previews } as const,
    ];
  }

  private predict(tokens: Header["tokens"], position: number): Predictions | null {
    const { predicts } = this.model;
    if (predicts === null) return null;
    const whole = { kind: predicts, position: null, actual: null };
    const sure = (pieces: string[]) => pieces.map((piece, i) => ({ piece, probability: 0.7 / 2 ** i }));
    if (predicts === "class") return { ...whole, top: sure(["POSITIVE", "NEGATIVE"]) };
    if (predicts === "label") return { ...whole, position, top: sure(["B-LOCATION", "O", "I-LOCATION"]) };
    if (predicts === "answer span")
      return { ...whole, top: sure(["Paris", "The capital of France is Paris", "river bank"]) };
    const next = tokens.pieces[predicts === "next token" ? position + 1 : position];
    const top = [" the", next === undefined ? " cat" : ` ${next}`, " a", "\n", " bank"].map(
      (piece, index) => ({ piece, probability: 0.41 / (index + 1) ** 1.4 }),
    );
    return {
      kind: predicts,
      position,
      top,
      actual: next === undefined ? null : { piece: ` ${next}`, probability: 0.155, rank: 2 },
    };
  }

  private caret(tokens: Header["tokens"], [from, to]: Span): Span {
    const low = from === to ? Math.max(0, from - 1) : from;
    const high = from === to ? low + 1 : to;
    const touched = tokens.spans.flatMap(([start, stop], token) =>
      start >= 0 && start < high && stop > low ? [token] : [],
    );
    const before = tokens.spans.flatMap(([start, stop], token) => (start >= 0 && stop <= low ? [token] : []));
    const first = touched[0] ?? before.at(-1) ?? 0;
    return [first, (touched.at(-1) ?? first) + 1];
  }

  private map(source: MapSource, layer: number, head: number, count: number): Float32Array {
    if (source === "head")
      return headMap(layer * 37 + head * 11 + 3 + this.trained, count, this.model.kind === "decoder");
    const heads = source === "layer" ? this.model.heads : Math.min(6, this.model.heads);
    const sum = new Float32Array(count * count);
    for (let index = 0; index < heads; index++) {
      this.map("head", source === "layer" ? layer : index % this.model.layers, index, count).forEach(
        (value, place) => {
          sum[place] = (sum[place] as number) + value / heads;
        },
      );
    }
    return sum;
  }
}

function problem(code: string, message: string, more: Record<string, unknown> = {}) {
  return { content: { status: "error", code, message, ...more }, buffers: [] };
}

function clampSpan([start, stop]: Span, count: number): Span {
  const first = Math.min(Math.max(start, 0), count - 1);
  return [first, Math.min(Math.max(stop, first + 1), count)];
}

function cut(tokens: Header["tokens"], count: number): Header["tokens"] {
  return Object.fromEntries(
    Object.entries(tokens).map(([name, values]) => [name, values.slice(0, count)]),
  ) as unknown as Header["tokens"];
}
