import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { editsOn } from "../edits/chips";
import type { ToneScale } from "../lib/colour";
import { wellFormed } from "../lib/format";
import type { Source } from "../wire/source";
import type {
  About,
  Ask,
  AskedAnswer,
  Direction,
  Edits,
  Example,
  Frame,
  FrameRequest,
  HeadPair,
  Look,
  MapSource,
  OffEdit,
  Ok,
  Path,
  Problem,
  Progress,
  Sight,
  Span,
  Traits,
  Verification,
} from "../wire/types";
import { Charts } from "./answers/charts";
import { AskedEffects } from "./answers/effects";
import { Expected } from "./answers/expected";
import { Media } from "./answers/media";
import { Memory } from "./answers/memory";
import { Pages } from "./answers/pages";
import { Previews } from "./answers/previews";
import { Tiles } from "./answers/tiles";
import { behind } from "./asking/behind";
import { askedFor } from "./asking/frame-request";
import { Frames, type Question } from "./asking/frames";
import { Knocks } from "./asking/knocks";
import { Verifier } from "./asking/verification";
import type { FieldNumber } from "./axes";
import { EditPlaces } from "./edit-places";
import { type Filter, filterText } from "./filter";
import { type Hint, Hints } from "./hints";
import { Lead, type Leading } from "./lead";
import { chosenPatch, headsThere, toggled } from "./look";
import { nearestHead } from "./nearest-head";
import * as patches from "./patches";
import type { Side } from "./places";
import { chosen, isChosen, namesOf, type Selection, Selections } from "./selections";
import { type Shown, unitsOf } from "./shown";
import { Continuing } from "./text/continuing";
import { History, type Place, type Travel, type Way } from "./text/history";
import { tooLarge } from "./text/too-large";
import { Turns } from "./text/turns";
import { bindTraits, quiet, type Synced, same, type TraitModel, type TraitName } from "./traits";
import { toTokens } from "./units";
import { watch } from "./watch";
import { editsAsked, noneOff, ofHeads } from "./what-if";

/** One explorer: its traits, what was asked of the kernel and what it answered. Shared by all views of one model. */
export class Session {
  readonly traits: Synced["signals"];
  readonly source: ReadonlySignal<MapSource> = computed(() => this.traits.look.value.source);
  readonly about: Signal<About | null> = signal(null);
  /** The frame that all views need. */
  readonly shown: Signal<Shown | null> = signal(null);
  /** Whether the other side has gone away. */
  readonly closed: Signal<boolean> = signal(false);
  /** The heads of every layer, 0 for one without attention: as the frame has them, before it as the model promises. */
  readonly heads: ReadonlySignal<readonly number[]> = computed(
    () => this.shown.value?.frame.header.heads ?? this.about.value?.model.heads ?? [],
  );
  /** Whether whoever answers can do something at all. */
  readonly can: Source["answers"];
  /** Whether the model gives an answer that can be asked about: a token, or a class. */
  readonly answers: ReadonlySignal<boolean> = computed(() => {
    const predicts = this.about.value?.model.predicts ?? null;
    return predicts !== null && predicts !== "answer span" && this.can("effects");
  });
  readonly path: ReadonlySignal<Path | null> = computed(
    () => this.shown.value?.frame.header.path ?? this.about.value?.model.path ?? null,
  );
  readonly problem: Signal<Problem | null> = signal(null);
  /** What went wrong in the page itself, where no part of it can say so. */
  readonly fault: Signal<unknown> = signal(null);
  readonly progress: ReadonlySignal<Progress | null>;
  readonly waiting: ReadonlySignal<boolean>;
  /** Whether nothing at all was heard for long, though something is asked. */
  readonly silent: ReadonlySignal<boolean>;
  /** Whether what is on show is the text that is written. */
  readonly current: ReadonlySignal<boolean> = computed(() => {
    const { text, pair } = patches.writtenTexts(this.traits);
    const shown = this.shown.value;
    return shown?.text === text && shown.pair === (pair ?? "");
  });
  /** Whether it is, under the edits that are switched on. */
  readonly #edited: ReadonlySignal<boolean> = computed(() => {
    const { edits = [] } = editsAsked(this.traits.edits.value, this.traits.look.value);
    return same(this.shown.value?.asked.edits ?? [], edits);
  });
  /** The edits that were left out of what is shown, and why. */
  readonly off: ReadonlySignal<readonly OffEdit[]> = computed(() => this.shown.value?.off ?? noneOff);
  /** Whether what is on show must not be taken for the text that is written. */
  readonly behind: ReadonlySignal<boolean>;
  /** Whether another text than the one on show is on its way: what is asked about that one comes too late. */
  readonly outdated: ReadonlySignal<boolean> = computed(
    () => this.#frames.out.value && !(this.current.value && this.#edited.value),
  );
  /** Whether the second text field was opened, though nothing is in it yet. */
  readonly second: Signal<boolean> = signal(false);
  /** The turns of the text, where it is a conversation. */
  readonly turns: Turns;
  /** What the model has written in the text. */
  readonly continuing: Continuing;
  readonly editTime: Signal<number | null> = signal(null);
  /** What is worth looking at, until somebody chooses something. */
  readonly hint: ReadonlySignal<Hint | null>;
  /** What is asked for one view or another beside the frame, all in one memory. */
  readonly memory: Memory;
  readonly previews: Previews;
  readonly pictures: Media;
  readonly spectrograms: Media;
  readonly sounds: Media;
  readonly expected: Expected;
  readonly effects: AskedEffects;
  readonly tiles: Tiles;
  readonly pages: Pages;
  readonly charts: Charts;
  readonly verification: Signal<Verification | null>;
  readonly editPlaces = new EditPlaces();
  readonly #verifier: Verifier;
  readonly #ask: Ask;
  readonly #synced: Synced;
  readonly #abort: AbortSignal;
  readonly #frames: Frames;
  readonly #knocks: Knocks;
  readonly #lead = new Lead();
  readonly #hints: Hints;
  readonly #history: History;
  readonly #selections: Selections;
  /** Whether only the first tokens of a text that is too long are wanted. */
  #first = false;
  #steps = 0;
  /** Whether what is done now is one step, in whatever histories. */
  #joining = false;
  #remote = false;
  #started = false;

  constructor(model: TraitModel, { ask, answers, onClosed }: Source, abort: AbortSignal) {
    this.#ask = ask;
    this.can = answers;
    this.#abort = abort;
    this.#synced = bindTraits(
      model,
      abort,
      (name) => this.#followRemote(name),
      (name) => isChosen(name) && this.#selections.leave(this.#selection(), "elsewhere"),
    );
    this.traits = this.#synced.signals;
    this.#hints = new Hints(this.traits, this.about);
    this.hint = this.#hints.hint;
    const next = () => (this.#joining ? this.#steps : ++this.#steps);
    this.#history = new History(this.traits.text.peek(), this.traits.pair.peek(), next);
    this.turns = new Turns(this.traits.text.peek());
    watch(this, abort, () => this.turns.follow(this.traits.text.value));
    this.continuing = new Continuing(ask, abort, {
      onText: (text, field, last) => this.#writeOn(text, field, last),
      onProblem: (problem) => {
        this.problem.value = problem;
      },
    });
    for (const [field, name] of [
      [0, "text"],
      [1, "pair"],
    ] as const) {
      let before = this.traits[name].peek();
      watch(this, abort, () => {
        const text = this.traits[name].value;
        this.continuing.follow(field, before, text);
        before = text;
      });
    }
    this.#selections = new Selections(next, () => performance.now());
    this.#knocks = new Knocks(() => this.#askAbout(), this.closed, abort);
    this.#frames = new Frames(ask, abort, () => this.#frameRequest(), {
      onFrame: (answer, question) => this.#show(answer, question),
      onProblem: (problem) => {
        this.problem.value = problem;
      },
    });
    this.progress = this.#frames.progress;
    this.waiting = this.#frames.waiting;
    this.silent = this.#frames.silent;
    this.behind = behind(this, this.shown, this.current, abort);
    this.memory = new Memory(ask, abort, this.closed, (same) =>
      same ? this.#frames.calm() : this.#frames.renew(),
    );
    this.previews = new Previews(this.memory, this.shown);
    this.pictures = new Media("picture", ask, this.shown);
    this.spectrograms = new Media("spectrogram", ask, this.shown);
    this.sounds = new Media("sound", ask, this.shown);
    this.expected = new Expected(this.memory, this.shown);
    this.effects = new AskedEffects(this.memory, this.shown, this.traits.question);
    this.tiles = new Tiles(this.memory, ask);
    this.pages = new Pages(ask);
    this.charts = new Charts(ask, abort, this.traits.chart);
    this.#verifier = new Verifier(ask, abort, () =>
      this.#frames.out.peek() ? null : patches.writtenTexts(this.traits),
    );
    this.verification = this.#verifier.result;
    onClosed((closed) => this.#setClosed(closed));
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
    if (closed) return void this.#knocks.begin();
    this.#frames.heard();
    if (!before) return;
    this.#knocks.end();
    this.memory.retry();
    if (this.#started) this.#frames.askAnew();
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
    this.continuing.stop();
    const lead = this.#lead.now(this.traits.query.peek());
    this.#history.record(field, wellFormed(text), way, before, caret, lead);
    this.#tell(text, editedAt, field, { caret: { span: caret, field }, query: lead.query });
  }

  /** Somebody has chosen another picture or sound: its file goes to the kernel, and its name becomes the text. Gives what went wrong, in words. */
  async show(file: Blob): Promise<string | null> {
    const answer = await this.#ask({ kind: "upload" }, { buffers: [await file.arrayBuffer()] });
    if (answer.status === "error") return answer.problem.message;
    if (answer.status === "ok") this.exchange(answer.reply.name, answer.reply.pair);
    return null;
  }

  /** Another picture or sound by its name, and what the model says of it, in one step. The query stays at its patch, or its time. */
  exchange(name: string, pair?: string): void {
    const query = this.traits.query.peek();
    const leading = this.#lead.now(query);
    if (pair === undefined) {
      this.#history.record(0, name, "at once", undefined, [0, 0], leading);
      this.#tell(name, performance.now(), 0, { caret: null, query });
      return;
    }
    this.#together(() => {
      this.#history.record(0, name, "at once", undefined, [0, 0], leading);
      this.#history.record(1, pair, "at once");
    });
    this.#act();
    this.#lead.pin();
    this.#lead.fit();
    this.#synced.write({ text: name, pair });
    this.#request(performance.now());
  }

  /** What `record` puts into the histories is one step, in whatever texts. */
  #together(record: () => void): void {
    this.#steps++;
    this.#joining = true;
    this.#selections.leave(this.#selection(), "at once");
    record();
    this.#joining = false;
  }

  /** What was written while another text came: that one came later and stays, this one can be had back. */
  outrun(text: string, field: FieldNumber): void {
    this.#history.slip(field, wellFormed(text));
  }

  /**
   * Takes back what was last done, whoever did it, or does it again: to the texts alone, or to whatever it was. Gives the
   * place in the texts that it was at, if it was in them.
   */
  travel(way: Travel, of: "text" | "all" = "text"): Place | null {
    this.continuing.stop();
    const step = of === "all" ? this.#step(way) : null;
    if (step === "example") return this.#travelExample(way);
    if (step === "selection") {
      const patch = this.#selections.go(way, this.#selection()) ?? {};
      this.#write(patch, patch.query !== undefined);
      return null;
    }
    if (this.about.peek()?.editable === false) return null;
    if (this.#history.isJoined(way)) return this.#travelExample(way);
    const place = this.#history[way]();
    if (place === null) return null;
    const { text, field, span } = place;
    const lead = place.lead ?? { caret: { span, field }, query: this.traits.query.peek() };
    this.#tell(text, performance.now(), field, lead);
    return place;
  }

  /** What would be taken back, or done again, in words; "" where there is nothing. Reads signals. */
  what(way: Travel): string {
    const step = this.#step(way);
    if (step !== "selection") return step ?? "";
    return namesOf(this.#selections.next(way, this.#selection())?.patch ?? {});
  }

  /** To what the newest step was, of those that can be taken back; or the oldest, of those that can be done again. Reads signals. */
  #step(way: Travel): "text" | "selection" | "example" | null {
    const text = this.about.value?.editable === false ? null : this.#history.next(way);
    const selection = this.#selections.next(way, this.#selection())?.number ?? null;
    if (text === null || selection === null)
      return text !== null ? "text" : selection !== null ? "selection" : null;
    if (selection === text) return "example";
    return (way === "undo") === selection > text ? "selection" : "text";
  }

  /** Its texts and what was chosen with them. */
  #travelExample(way: Travel): null {
    const now = this.#selection();
    const texts = { text: now.text, pair: now.pair };
    const number = this.#history.next(way);
    while (number !== null && this.#history.next(way) === number) {
      const place = this.#history[way]();
      if (place !== null) texts[place.field === 0 ? "text" : "pair"] = place.text;
    }
    const together = this.#selections.next(way, now)?.number === number;
    const patch = together ? this.#selections.go(way, now, texts) : {};
    this.#lead.fit();
    this.#write({ ...texts, ...patch }, true);
    return null;
  }

  /** Reads signals. */
  #selection(): Selection {
    const { text, pair } = this.traits;
    const values = chosen.map((name) => [name, this.traits[name].value]);
    return { ...Object.fromEntries(values), text: text.value, pair: pair.value };
  }

  #tell(text: string, editedAt: number, field: FieldNumber, { caret, query }: Leading): void {
    const refused = tooLarge(text);
    if (refused !== null) return void this.#refuse(refused);
    this.#act();
    if (caret === null) this.#lead.pin();
    else this.#lead.takeAt(caret);
    this.#lead.fit();
    const written = wellFormed(text);
    this.#synced.write({ ...(field === 0 ? { text: written } : { pair: written }), query });
    this.#request(editedAt);
  }

  /** The caret or the selection moved in a text that did not change. Who selects all of it wants to replace it, and looks where he did. */
  moveCaret(caret: Span, field: FieldNumber = 0): void {
    if (this.#lead.isAt({ span: caret, field })) return;
    const { length } = this.traits[field === 0 ? "text" : "pair"].peek();
    if (length > 0 && caret[0] === 0 && caret[1] === length) return;
    this.#selections.leave(this.#selection());
    this.#act();
    this.#lead.takeAt({ span: caret, field });
    this.#request();
  }

  /** Whether the model can write on in the text. Reads signals. */
  canContinue(): boolean {
    return this.can("continue") && this.about.value?.model.generates === true && !this.closed.value;
  }

  /** Which text it writes in: an encoder-decoder in what its decoder reads. Reads signals. */
  get #continued(): FieldNumber {
    return this.about.value?.model.second === "target" ? 1 : 0;
  }

  /** Whether what the model has written would be written anew. Reads signals. */
  isStale(): boolean {
    const produced = this.continuing.produced.value;
    if (produced === null) return false;
    const beside = this.traits[produced.field === 0 ? "pair" : "text"].value;
    const edits = editsOn(this.traits.edits.value);
    return produced.stale || produced.beside !== beside || !same(produced.edits, edits);
  }

  /** Lets the model write on: at the end of the text, in the last answer; in place of what it wrote before the text or the edits were changed. */
  continue(): void {
    const { text: first, pair: second } = this.traits;
    const field = this.#continued;
    // A translation is looked at beside what is translated.
    if (field === 1 && second.peek() === "" && !this.second.peek())
      this.#set(patches.secondPatch(this.about.peek(), true), true);
    const text = (field === 0 ? first : second).peek();
    const turns = field === 0 ? this.turns.of(text) : null;
    const last = turns?.at(-1);
    const end = last?.role === "assistant" ? last.stop : text.length;
    const produced = this.continuing.produced.peek();
    const anew = produced?.field === field && produced.stop === end && this.isStale();
    const before = text.slice(0, anew ? produced.start : end);
    if (before !== text && turns !== null && last !== undefined) {
      // The marks that ended the answer are gone, which only the kernel could tell otherwise.
      const open = { ...last, stop: before.length, end: before.length };
      batch(() => {
        this.#synced.write({ text: before });
        this.turns.tell(before, [...turns.slice(0, -1), open]);
      });
    }
    void this.continuing.go({
      field,
      text: wellFormed(field === 0 ? before : first.peek()),
      pair: wellFormed(field === 0 ? second.peek() : before),
      edits: editsOn(this.traits.edits.peek()),
    });
  }

  #writeOn(text: string, field: FieldNumber, last: boolean): void {
    const query = this.traits.query.peek();
    const end: Span = [text.length, text.length];
    // One step of undo, however many times something came.
    if (last) this.#history.record(field, text, "at once", undefined, end, this.#lead.now(query));
    this.#tell(text, performance.now(), field, { caret: { span: end, field }, query });
  }

  /** Where somebody writes, or wrote last, in a text; null where the caret does not lead. */
  caretIn(field: FieldNumber): Span | null {
    const { caret } = this.#lead.now(this.traits.query.peek());
    return caret?.field === field ? caret.span : null;
  }

  useText(text: string): void {
    this.edit(text, [text.length, text.length], performance.now());
  }

  /** A text with what is to be seen on it. */
  useExample({ text, pair, part, head, query, view }: Example): void {
    this.continuing.stop();
    this.#together(() => {
      this.#history.record(0, text, "at once");
      if (pair !== undefined) this.#history.record(1, pair, "at once");
    });
    this.#act();
    this.#lead.fit();
    const word = text.search(lastWord) + 1;
    if (query === undefined) this.#lead.takeAt({ span: [word, word], field: 0 });
    else this.#lead.pin();
    const heads = head === undefined ? {} : chosenPatch([head], this.traits.look.peek());
    const edits = ofHeads(this.traits.edits.peek());
    const texts = pair === undefined ? { text } : { text, pair };
    const place = {
      ...(part && { part, direction: "reads" as const }),
      ...(query && { query }),
      ...(view && { view }),
    };
    this.#synced.write({ ...texts, edits, ...heads, ...place });
    this.#request(performance.now());
    this.#hints.begin();
  }

  /** The next head that shows something. */
  useSight({ layer, head, query }: Sight): void {
    this.#set({ ...chosenPatch([[layer, head]], this.traits.look.peek()), query }, true);
    this.#hints.begin();
  }

  /** A query that counts what is shown. Of two texts, `side` says of which it is: what is read is looked at from there. */
  pinQuery(query: Span, side?: Side): void {
    const shown = this.shown.peek();
    const patch = patches.queryPatch(shown?.frame, query, side);
    const units = unitsOf(shown, patch.direction ?? this.traits.direction.peek());
    this.#set({ ...patch, query: toTokens(units, query) }, true);
  }

  pinTokens(query: Span): void {
    this.#set({ query }, true);
  }

  #set(patch: Partial<Traits>, elsewhere = false): void {
    this.#selections.leave(this.#selection());
    this.#write(patch, elsewhere);
  }

  /** `elsewhere`: the caret no longer says what is looked at. */
  #write(patch: Partial<Traits>, elsewhere: boolean): void {
    this.#act();
    if (elsewhere) this.#lead.pin();
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
    const patch = patches.directionPatch(this.shown.peek()?.frame, direction);
    this.#set(patch, patch.query !== undefined);
  }

  setLook(change: Partial<Look>): void {
    this.#set({ look: { ...this.traits.look.peek(), ...change } });
  }

  /** What is changed in the computation; one step of undo. */
  setEdits(edits: Edits): void {
    if (this.about.peek()?.editable === false)
      return void this.#refuse({ code: "failed", message: nothingToEdit });
    this.#selections.leave(this.#selection(), "at once");
    this.#write({ edits }, false);
  }

  /** Nothing that is shown changes with it: who asks about it follows. */
  setQuestion(question: AskedAnswer): void {
    this.#selections.leave(this.#selection());
    this.#synced.write({ question });
  }

  /** No number changes with it, so nothing is asked. */
  setScale(scale: ToneScale): void {
    this.#selections.leave(this.#selection());
    this.#synced.write({ look: { ...this.traits.look.peek(), scale } });
  }

  /** Nor with this. */
  setOver(over: Look["over"]): void {
    this.#selections.leave(this.#selection());
    this.#synced.write({ look: { ...this.traits.look.peek(), over } });
  }

  setFilter(filter: Filter): void {
    this.#selections.leave(this.#selection());
    this.#synced.write({ filter: filterText(filter) });
  }

  /** From a source's tokens to what reads them, and from a target's to what they read. */
  setPart(part: string): void {
    const patch = patches.partPatch(this.traits.part.peek(), part);
    this.#set(patch, patch.direction !== undefined);
  }

  /** Opens the second text field, or takes its text away. */
  setSecond(open: boolean): void {
    this.second.value = open;
    if (!open) this.#history.record(1, "", "at once");
    this.#lead.fit();
    this.#set(patches.secondPatch(this.about.peek(), open), true);
  }

  setView(view: string): void {
    this.#selections.leave(this.#selection());
    this.#hints.end();
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
    if (name === "text") this.#history.record(0, this.traits.text.peek(), "elsewhere");
    if (name === "pair") this.#history.record(1, this.traits.pair.peek(), "elsewhere");
    if (name === "edits") this.editPlaces.forget();
    this.#lead.yieldTo(name, this.#frames.out.peek());
    if (quiet.has(name) || this.#remote || !this.#started) return;
    this.#remote = true;
    queueMicrotask(() => {
      this.#remote = false;
      if (!this.#abort.aborted) this.#frames.askAnew();
    });
  }

  async #askAbout(): Promise<void> {
    const answer = await this.#ask({ kind: "about" });
    if (this.#abort.aborted || answer.status !== "ok") return;
    const { chat } = answer.reply;
    batch(() => {
      if (chat !== undefined && this.shown.peek() === null) this.turns.tell(chat.text, chat.turns);
      this.about.value = answer.reply;
    });
  }

  /** Somebody does something here. */
  #act(): void {
    this.#hints.end();
    this.#lead.take();
    this.#frames.hurry();
  }

  #request(editedAt?: number): void {
    this.#frames.ask(editedAt, this.problem.peek() !== null || this.closed.peek());
  }

  #frameRequest(): FrameRequest {
    const several = this.traits.look.peek().source === "head" ? this.chosenHeads() : [];
    const asked = this.#lead.asked(this.shown.peek()?.frame, this.traits.query.peek());
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

  #show(answer: Ok<Frame>, { order, asked, editedAt, newest }: Question): void {
    // An older kernel names no readings: then every frame is one by itself.
    const { id, reply, reading = `frame ${order}`, off = noneOff } = answer;
    this.fault.value = null;
    const texts = patches.shownTexts(reply, asked);
    if (this.#moveEdits(texts, asked, editedAt)) return;
    this.memory.turn(reading);
    this.shown.value = { ...texts, id, reading, order, asked, off, editedAt };
    this.turns.tell(asked.text, reply.header.turns ?? null);
    if (newest) this.#adopt(reply);
    if (answer.sights !== undefined) this.#hints.see(asked.text, answer.sights);
  }

  /** Edits go with their tokens. Whether what came was computed with others than those: then what is right has been asked for. */
  #moveEdits(
    texts: Pick<Shown, "text" | "pair" | "frame">,
    { edits = [] }: FrameRequest,
    editedAt?: number,
  ): boolean {
    const known = this.traits.edits.peek();
    const moved = this.editPlaces.follow(texts, known);
    if (moved !== known) this.#synced.write({ edits: moved });
    const { edits: right = [] } = editsAsked(moved, this.traits.look.peek());
    if (same(right, edits)) return false;
    this.#request(editedAt);
    return this.shown.peek() !== null;
  }

  /** The newest frame says what the traits have become. */
  #adopt(frame: Frame): void {
    const { path, truncated } = frame.header;
    this.problem.value = null;
    if (truncated === null) this.#first = false;
    const { kept, written, doubted } = this.#lead.adopt(frame, this.traits.query.peek());
    this.#synced.keep(kept);
    this.#synced.write(written, doubted);
    // Given weights have no model to compare with, and eager maps are the model's own.
    if (this.can("verify") && path !== "given" && path !== "eager") this.#verifier.plan();
  }

  #refuse(problem: Problem): void {
    this.#frames.giveUp();
    this.problem.value = problem;
  }
}

const nothingToEdit =
  "These are numbers without a model, so nothing in their computation can be changed. For edits, use aw.explore(model, text).";

/** The last letter or digit of a text. */
const lastWord = /[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u;
