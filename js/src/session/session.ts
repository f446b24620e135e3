import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { wellFormed } from "../lib/format";
import type { Source } from "../wire/source";
import type {
  About,
  Answer,
  Ask,
  Direction,
  Frame,
  FrameRequest,
  HeadPair,
  Look,
  MapSource,
  Ok,
  Path,
  Problem,
  Progress,
  Span,
  Traits,
  Verification,
} from "../wire/types";
import { Charts } from "./answers/charts";
import { Delays } from "./asking/delays";
import { adopted, askedFor } from "./asking/frame-request";
import { Patience } from "./asking/patience";
import { Verifier } from "./asking/verification";
import type { FieldNumber } from "./axes";
import { type Filter, filterText } from "./filter";
import { chosenPatch, headsThere, toggled } from "./look";
import { nearestHead } from "./nearest-head";
import * as turns from "./patches";
import type { Side } from "./places";
import { type Shown, unitsOf } from "./shown";
import { Stores } from "./stores";
import { History, type Place, type Way } from "./text/history";
import { tooLarge } from "./text/too-large";
import { bindTraits, quiet, type Synced, type TraitModel, type TraitName } from "./traits";
import { toTokens } from "./units";

/** One explorer: its traits, what was asked of the kernel and what it answered. Shared by all views of one model. */
export class Session extends Stores {
  readonly traits: Synced["signals"];
  readonly source: ReadonlySignal<MapSource> = computed(() => this.traits.look.value.source);
  readonly about: Signal<About | null> = signal(null);
  /** The heads of every layer, 0 for one without attention: as the frame has them, before it as the model promises. */
  readonly heads: ReadonlySignal<readonly number[]> = computed(
    () => this.shown.value?.frame.header.heads ?? this.about.value?.model.heads ?? [],
  );
  /** Whether whoever answers can do something at all. */
  readonly can: Source["answers"];
  readonly path: ReadonlySignal<Path | null> = computed(
    () => this.shown.value?.frame.header.path ?? this.about.value?.model.path ?? null,
  );
  readonly problem: Signal<Problem | null> = signal(null);
  /** What went wrong in the page itself, where no part of it can say so. */
  readonly fault: Signal<unknown> = signal(null);
  readonly progress: ReadonlySignal<Progress | null>;
  readonly waiting: ReadonlySignal<boolean>;
  /** Whether another text than the one on show is on its way: what is asked about that one comes too late. */
  readonly outdated: ReadonlySignal<boolean> = computed(() => {
    const { text, pair } = turns.writtenTexts(this.traits);
    const shown = this.shown.value;
    return this.#patience.out.value && (shown?.text !== text || shown.pair !== (pair ?? ""));
  });
  /** Whether the second text field was opened, though nothing is in it yet. */
  readonly second: Signal<boolean> = signal(false);
  readonly editTime: Signal<number | null> = signal(null);
  readonly charts: Charts;
  readonly verification: Signal<Verification | null>;
  readonly #verifier: Verifier;
  readonly #ask: Ask;
  readonly #synced: Synced;
  readonly #abort: AbortSignal;
  readonly #patience: Patience;
  readonly #history: History;
  /** The caret while it leads, and the text field that it is in; null when a query is pinned. */
  #caret: turns.Caret | null = null;
  /** Whether the kernel may have fitted the query to a text of ours, of which it does not tell. */
  #fitted = false;
  /** Whether only the first tokens of a text that is too long are wanted. */
  #first = false;
  #order = 0;
  #settled = 0;
  #remote = false;
  #started = false;
  /** Whether Python, or another page, did the last thing: where the query is left to them. */
  #follows = false;
  #lastAsked = "";
  #knocking = false;
  readonly #knocks: Delays;
  readonly #renewals: Delays;

  constructor(model: TraitModel, source: Source, abort: AbortSignal) {
    const { ask } = source;
    super(ask, abort, (same) => (same ? this.#calm() : this.#readAnew()));
    this.#ask = ask;
    this.can = source.answers;
    this.#abort = abort;
    this.#synced = bindTraits(model, abort, (name) => this.#followRemote(name));
    this.traits = this.#synced.signals;
    this.#knocks = new Delays(1000, 8, abort);
    this.#renewals = new Delays(200, Number.POSITIVE_INFINITY, abort);
    this.#history = new History(this.traits.text.peek(), this.traits.pair.peek());
    this.charts = new Charts(ask, abort, this.traits.chart);
    this.#patience = new Patience(abort);
    this.progress = this.#patience.progress;
    this.waiting = this.#patience.waiting;
    this.#verifier = new Verifier(ask, abort, () =>
      this.#patience.out.peek() ? null : turns.writtenTexts(this.traits),
    );
    this.verification = this.#verifier.result;
    source.onClosed((closed) => this.#setClosed(closed));
  }

  /** Asks for the model and for the first frame; the second view of a model finds both there. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#askAbout();
    this.#request();
  }

  /** The source says whether somebody is there. Once gone, one question tells whether they are back. */
  #setClosed(closed: boolean): void {
    const before = this.closed.peek();
    this.closed.value = closed;
    if (closed) return void this.#knock();
    if (!before) return;
    this.#knocks.end();
    this.memory.retry();
    this.#lastAsked = "";
    if (this.#started) this.#request();
  }

  /** Asks whether somebody is there again, now and then a few times more: a connection that comes back does not say so. */
  async #knock(): Promise<void> {
    if (this.#knocking) return;
    this.#knocking = true;
    await this.#askAbout();
    this.#knocking = false;
    if (this.closed.peek()) this.#knocks.plan(() => void this.#knock());
  }

  /** Somebody has written. `before` is what was selected until then. */
  edit(
    text: string,
    caret: Span,
    editedAt: number,
    field: FieldNumber = 0,
    way: Way = "at once",
    before?: Span,
  ): void {
    this.#history.record(field, wellFormed(text), way, before, caret);
    this.#tell(text, caret, editedAt, field);
  }

  /** What was written while another text came: that one came later and stays, this one can be had back. */
  outrun(text: string, field: FieldNumber): void {
    this.#history.slip(field, wellFormed(text));
  }

  /** Takes back what was last done to the texts, whoever did it, or does it again. Null where there is nothing. */
  travel(way: "undo" | "redo"): Place | null {
    if (this.about.peek()?.editable === false) return null;
    const place = this.#history[way]();
    if (place !== null) this.#tell(place.text, place.span, performance.now(), place.field);
    return place;
  }

  #tell(text: string, caret: Span, editedAt: number, field: FieldNumber): void {
    const refused = tooLarge(text);
    if (refused !== null) return void this.#refuse(refused);
    this.#act();
    this.#caret = { span: caret, field };
    this.#fitted = true;
    this.#synced.write(field === 0 ? { text: wellFormed(text) } : { pair: wellFormed(text) });
    this.#request(editedAt);
  }

  /** The caret or the selection moved in a text that did not change. */
  moveCaret(caret: Span, field: FieldNumber = 0): void {
    if (turns.sameCaret(this.#caret, { span: caret, field })) return;
    this.#act();
    this.#caret = { span: caret, field };
    this.#request();
  }

  useText(text: string): void {
    this.edit(text, [text.length, text.length], performance.now());
  }

  /** A query that counts what is shown. Of two texts, `side` says of which it is: what is read is looked at from there. */
  pinQuery(query: Span, side?: Side): void {
    const shown = this.shown.peek();
    const patch = turns.queryPatch(shown?.frame, query, side);
    const units = unitsOf(shown, patch.direction ?? this.traits.direction.peek());
    this.#set({ ...patch, query: toTokens(units, query) }, true);
  }

  pinTokens(query: Span): void {
    this.#set({ query }, true);
  }

  /** `elsewhere`: the caret no longer says what is looked at. */
  #set(patch: Partial<Traits>, elsewhere = false): void {
    this.#act();
    if (elsewhere) this.#caret = null;
    this.#synced.write(patch);
    this.#request();
  }

  pinHead(layer: number, head: number, source: MapSource = "head"): void {
    const place = nearestHead(this.heads.peek(), layer, head);
    this.#set(chosenPatch([[place.layer, place.head]], this.traits.look.peek(), source));
  }

  /** One more head to look at together with those that are chosen, or one less, or as `change` has it. */
  toggleHead(layer: number, head: number, change = toggled): void {
    // A layer's mean or a rollout is no head: the pinned one begins a new choice.
    const chosen = this.source.peek() === "head" ? this.chosenHeads() : this.chosenHeads().slice(-1);
    this.#set(chosenPatch(change(chosen, layer, head), this.traits.look.peek()));
  }

  /** Of two texts the eye goes over to what it looked at most. */
  setDirection(direction: Direction): void {
    const patch = turns.directionPatch(this.shown.peek()?.frame, direction);
    this.#set(patch, patch.query !== undefined);
  }

  setLook(change: Partial<Look>): void {
    this.#set({ look: { ...this.traits.look.peek(), ...change } });
  }

  setFilter(filter: Filter): void {
    this.#synced.write({ filter: filterText(filter) });
  }

  /** From a source's tokens to what reads them, and from a target's to what they read. */
  setPart(part: string): void {
    const patch = turns.partPatch(this.traits.part.peek(), part);
    this.#set(patch, patch.direction !== undefined);
  }

  /** Opens the second text field, or takes its text away. */
  setSecond(open: boolean): void {
    this.second.value = open;
    if (!open) this.#history.record(1, "", "at once");
    this.#fitted = true;
    this.#set(turns.secondPatch(this.about.peek(), open), true);
  }

  setView(view: string): void {
    this.#synced.write({ view });
  }

  closeChart(): void {
    this.#synced.write({ chart: 0 });
  }

  showFirst(): void {
    this.#first = true;
    this.#request();
  }

  /** Called by the view when a frame's pixels are on the page. */
  painted(shown: Shown, now: number): void {
    if (shown.editedAt !== undefined) this.editTime.value = now - shown.editedAt;
  }

  #followRemote(name: TraitName): void {
    if (turns.moving.has(name)) this.#caret = null;
    if (name === "text") this.#history.record(0, this.traits.text.peek(), "elsewhere");
    if (name === "pair") this.#history.record(1, this.traits.pair.peek(), "elsewhere");
    // Whatever else they do, what was written here is still to be answered: nobody else says what the query becomes.
    if (turns.moving.has(name) || !this.#patience.out.peek()) this.#follows = true;
    if (quiet.has(name) || this.#remote || !this.#started) return;
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
    this.#patience.begin();
    const onProgress = (progress: Progress) => {
      if (order === this.#order) this.#patience.progress.value = progress;
    };
    void this.#ask({ kind: "frame", ...request }, { onProgress }).then((answer) => {
      if (!this.#abort.aborted) batch(() => this.#settle(order, request, answer, editedAt));
    });
  }

  #frameRequest(): FrameRequest {
    const several = this.traits.look.peek().source === "head" ? this.chosenHeads() : [];
    const asked = turns.askedAt(this.#caret, this.shown.peek()?.frame, this.traits.query.peek());
    return askedFor(this.traits, this.clampedHead(), several, asked, this.#first);
  }

  /** Links between widgets may ask for heads that the model does not have, or layers without any. Reads signals. */
  clampedHead(): { layer: number; head: number } {
    return nearestHead(this.heads.value, this.traits.layer.value, this.traits.head.value);
  }

  /** The chosen heads, `clampedHead` among them; before the model is known, as the traits have them. Reads signals. */
  chosenHeads(): readonly HeadPair[] {
    return headsThere(this.traits.heads.value, this.heads.value, this.clampedHead());
  }

  #settle(order: number, asked: FrameRequest, answer: Answer<Frame>, editedAt: number | undefined): void {
    const newest = order === this.#order;
    if (newest) this.#patience.end();
    switch (answer.status) {
      case "changed":
      case "superseded":
        // Nothing that this page asked is newer: the same question is put again.
        if (newest) this.#readAnew();
        return;
      case "error":
        if (newest) this.problem.value = answer.problem;
        return;
      case "ok":
        if (order < this.#settled) return;
        this.#settled = order;
        this.fault.value = null;
        this.#show(order, asked, answer, editedAt);
        if (newest) this.#adopt(answer.reply);
    }
  }

  #show(order: number, asked: FrameRequest, answer: Ok<Frame>, editedAt: number | undefined): void {
    // An older kernel names no readings: then every frame is one by itself.
    const { id, reply, reading = `frame ${order}` } = answer;
    this.memory.turn(reading);
    this.shown.value = { ...turns.shownTexts(reply, asked), id, reading, order, asked, editedAt };
  }

  /** The model has been trained, or the kernel let the question go: what is shown is asked for anew, ever more seldom. */
  #readAnew(): void {
    this.#renewals.plan(() => {
      this.#lastAsked = "";
      this.#request();
    });
  }

  /** Numbers are of what is shown again. */
  #calm(): void {
    if (!this.#renewals.planned) this.#renewals.end();
  }

  /** Somebody does something: what waits to be asked anew is asked with it. */
  #act(): void {
    this.#follows = false;
    if (this.#renewals.planned) this.#lastAsked = "";
    this.#renewals.end();
  }

  /** The newest frame says what the query has become. */
  #adopt(frame: Frame): void {
    const { header } = frame;
    this.problem.value = null;
    if (header.truncated === null) this.#first = false;
    const query = this.#caret === null ? this.traits.query.peek() : null;
    const { query: asked = this.traits.query.peek(), ...found } = adopted(header, query);
    const doubted = this.#fitted && !this.#follows ? (["query"] as const) : [];
    this.#fitted = false;
    if (this.#follows) this.#synced.keep({ query: asked });
    const led = this.#follows ? {} : { query: asked };
    this.#synced.write({ ...found, ...led, ...turns.ownTexts(frame) }, doubted);
    const { path } = header;
    // Given weights have no model to compare with, and eager maps are the model's own.
    if (this.can("verify") && path !== "given" && path !== "eager") this.#verifier.plan();
  }

  #refuse(problem: Problem): void {
    this.#order++;
    this.#patience.end();
    this.problem.value = problem;
  }
}
