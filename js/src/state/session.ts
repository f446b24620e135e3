import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { wellFormed } from "../lib/format";
import type {
  About,
  Answer,
  Ask,
  Direction,
  Frame,
  FrameRequest,
  MapSource,
  Path,
  Predictions,
  Problem,
  Progress,
  Span,
  Verification,
  ViewName,
} from "../wire/types";
import { type Cache, createCache } from "./cache";
import { Charts } from "./charts";
import { Flows } from "./flow";
import { nearestHead } from "./heads";
import { type PreviewRequest, predictionKey, previewKey } from "./keys";
import { tooLarge } from "./largest";
import { Neurons } from "./neuron";
import type { Shown } from "./shown";
import { Strips } from "./strips";
import { bindTraits, type Synced, type TraitModel, type TraitName } from "./synced";
import { Tiles } from "./tiles";
import { Verifier } from "./verification";

const patience = 1500;

/** One explorer: its traits, what was asked of the kernel and what it answered. Shared by all views of one model. */
export class Session {
  readonly traits: Synced["signals"];
  readonly source: Signal<MapSource> = signal("head");
  readonly about: Signal<About | null> = signal(null);
  readonly shown: Signal<Shown | null> = signal(null);
  /** The heads of every layer, 0 for one without attention: as the frame has them, before it as the model promises. */
  readonly heads: ReadonlySignal<readonly number[]> = computed(
    () => this.shown.value?.frame.header.heads ?? this.about.value?.model.heads ?? [],
  );
  readonly path: ReadonlySignal<Path | null> = computed(
    () => this.shown.value?.frame.header.path ?? this.about.value?.model.path ?? null,
  );
  readonly problem: Signal<Problem | null> = signal(null);
  readonly progress: Signal<Progress | null> = signal(null);
  readonly waiting: Signal<boolean> = signal(false);
  readonly closed: Signal<boolean> = signal(false);
  readonly editTime: Signal<number | null> = signal(null);
  readonly previews: Cache<Frame> = createCache(48);
  readonly predictions: Cache<Predictions | null> = createCache(96);
  readonly charts: Charts;
  readonly strips: Strips;
  readonly flows: Flows;
  readonly neurons: Neurons;
  readonly tiles: Tiles;
  readonly #verifier: Verifier;
  readonly #ask: Ask;
  readonly #synced: Synced;
  readonly #abort: AbortSignal;
  /** The caret while it leads; null when a query is pinned. */
  #caret: Span | null = null;
  /** Whether only the first tokens of a text that is too long are wanted. */
  #first = false;
  #order = 0;
  #settled = 0;
  #remote = false;
  #started = false;
  #lastAsked = "";
  #waitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: TraitModel, ask: Ask, abort: AbortSignal) {
    this.#ask = ask;
    this.#abort = abort;
    this.#synced = bindTraits(model, abort, (name) => this.#followRemote(name));
    this.traits = this.#synced.signals;
    this.charts = new Charts(ask, abort, this.traits.chart);
    this.strips = new Strips(ask, abort);
    this.flows = new Flows(ask, abort);
    this.neurons = new Neurons(ask, abort);
    this.tiles = new Tiles(ask, abort);
    this.#verifier = new Verifier(ask, abort, () =>
      this.#waitTimer === undefined ? wellFormed(this.traits.text.peek()) : null,
    );
    abort.addEventListener("abort", () => clearTimeout(this.#waitTimer), { once: true });
  }

  get verification(): Signal<Verification | null> {
    return this.#verifier.result;
  }

  /** Asks for the model and for the first frame; the second view of a model finds both there. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#askAbout();
    this.#request();
  }

  /** The source says whether somebody is there. Once gone, one question tells whether they are back. */
  setClosed(closed: boolean): void {
    if (closed === this.closed.peek()) return;
    this.closed.value = closed;
    if (closed) return void this.#askAbout();
    this.#lastAsked = "";
    if (this.#started) this.#request();
  }

  edit(text: string, caret: Span, editedAt: number): void {
    const refused = tooLarge(text);
    if (refused !== null) return void this.#refuse(refused);
    this.#caret = caret;
    this.#synced.write({ text: wellFormed(text) });
    this.#request(editedAt);
  }

  /** The caret or the selection moved in a text that did not change. */
  moveCaret(caret: Span): void {
    if (this.#caret !== null && this.#caret[0] === caret[0] && this.#caret[1] === caret[1]) return;
    this.#caret = caret;
    this.#request();
  }

  useText(text: string): void {
    this.edit(text, [text.length, text.length], performance.now());
  }

  pinQuery(query: Span): void {
    this.#caret = null;
    this.#synced.write({ query });
    this.#request();
  }

  pinHead(layer: number, head: number, source: MapSource = "head"): void {
    this.source.value = source;
    this.#synced.write(nearestHead(this.heads.peek(), layer, head));
    this.#request();
  }

  setDirection(direction: Direction): void {
    this.#synced.write({ direction });
    this.#request();
  }

  setSource(source: MapSource): void {
    this.source.value = source;
    this.#request();
  }

  setPart(part: string): void {
    this.#synced.write({ part });
    this.#request();
  }

  setView(view: ViewName): void {
    this.#synced.write({ view });
  }

  closeChart(): void {
    this.#synced.write({ chart: 0 });
  }

  showFirst(): void {
    this.#first = true;
    this.#request();
  }

  /** The request that would show something else than what is shown, without pinning it. */
  previewRequest(change: Partial<FrameRequest>): PreviewRequest | null {
    const shown = this.shown.value;
    if (shown === null) return null;
    const { layer, head, part, direction, source, query, truncated } = shown.frame.header;
    const base = { text: shown.text, layer, head, part, direction, source, query };
    return { ...base, ...change, ...(truncated === null ? {} : { first: true as const }) };
  }

  async preview(request: PreviewRequest): Promise<void> {
    const key = previewKey(request);
    if (this.previews.has(key)) return;
    const answer = await this.#ask({ kind: "preview", ...request });
    if (!this.#abort.aborted && answer.status === "ok") this.previews.put(key, answer.reply);
  }

  async predict(position: number): Promise<void> {
    const shown = this.shown.peek();
    if (shown === null) return;
    const key = predictionKey(shown.text, position);
    if (this.predictions.has(key)) return;
    const first = shown.frame.header.truncated === null ? {} : { first: true as const };
    const answer = await this.#ask({ kind: "predict", text: shown.text, position, ...first });
    if (!this.#abort.aborted && answer.status === "ok") this.predictions.put(key, answer.reply);
  }

  /** Called by the view when a frame's pixels are on the page. */
  painted(shown: Shown, now: number): void {
    if (shown.editedAt !== undefined) this.editTime.value = now - shown.editedAt;
  }

  #followRemote(name: TraitName): void {
    if (name === "text" || name === "query") this.#caret = null;
    if (name === "layer" || name === "head") this.source.value = "head";
    if (name === "chart" || name === "view" || this.#remote || !this.#started) return;
    this.#remote = true;
    queueMicrotask(() => {
      this.#remote = false;
      this.#lastAsked = "";
      if (!this.#abort.aborted) this.#request();
    });
  }

  async #askAbout(): Promise<void> {
    const answer = await this.#ask({ kind: "about" });
    if (!this.#abort.aborted && answer.status === "ok") this.about.value = answer.reply;
  }

  #request(editedAt?: number): void {
    const request = this.#frameRequest();
    const asked = JSON.stringify(request);
    if (asked === this.#lastAsked && this.problem.peek() === null && !this.closed.peek()) return;
    this.#lastAsked = asked;
    const order = ++this.#order;
    this.#waitTimer ??= setTimeout(() => {
      this.waiting.value = true;
    }, patience);
    const onProgress = (progress: Progress) => {
      if (order === this.#order) this.progress.value = progress;
    };
    void this.#ask({ kind: "frame", ...request }, onProgress).then((answer) => {
      if (!this.#abort.aborted) batch(() => this.#settle(order, request.text, answer, editedAt));
    });
  }

  #frameRequest(): FrameRequest {
    const { text, part, direction, query } = this.traits;
    const { layer, head } = this.clampedHead();
    return {
      text: wellFormed(text.peek()),
      layer,
      head,
      part: part.peek(),
      direction: direction.peek(),
      source: this.source.peek(),
      ...(this.#caret === null ? { query: query.peek() } : { caret: this.#caret }),
      ...(this.#first ? { first: true } : {}),
    };
  }

  /** Links between widgets may ask for heads that the model does not have, or layers without any. Reads signals. */
  clampedHead(): { layer: number; head: number } {
    return nearestHead(this.heads.value, this.traits.layer.value, this.traits.head.value);
  }

  #settle(order: number, text: string, answer: Answer<Frame>, editedAt: number | undefined): void {
    const newest = order === this.#order;
    if (newest) this.#rest();
    switch (answer.status) {
      case "superseded":
        // Another page on the same kernel asked later: the same question may be put again.
        if (newest) this.#lastAsked = "";
        return;
      case "error":
        if (newest) this.problem.value = answer.problem;
        return;
      case "ok":
        if (order < this.#settled) return;
        this.#settled = order;
        this.shown.value = { id: answer.id, order, text, frame: answer.reply, editedAt };
        if (newest) this.#adopt(answer.reply);
    }
  }

  /** The newest frame says what the query has become. */
  #adopt({ header }: Frame): void {
    this.problem.value = null;
    if (header.truncated === null) this.#first = false;
    const { query, layer, head, part, path } = header;
    this.#synced.write({ query, layer, head, part });
    // Given weights have no model to compare with, and eager maps are the model's own.
    if (path !== "given" && path !== "eager") this.#verifier.plan();
  }

  #rest(): void {
    clearTimeout(this.#waitTimer);
    this.#waitTimer = undefined;
    this.waiting.value = false;
    this.progress.value = null;
  }

  #refuse(problem: Problem): void {
    this.#order++;
    this.#rest();
    this.problem.value = problem;
  }
}
