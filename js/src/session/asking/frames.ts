import { batch, type ReadonlySignal } from "@preact/signals";
import type { Answer, Ask, Frame, FrameRequest, Ok, Problem, Progress } from "../../wire/types";
import { Delays } from "./delays";
import { Patience } from "./patience";

/** The question that a frame answers. */
export interface Question {
  readonly order: number;
  readonly asked: FrameRequest;
  /** When the edit began that it asks about; undefined where it asks about something else. */
  readonly editedAt: number | undefined;
  /** Whether nothing newer is out. */
  readonly newest: boolean;
}

interface Listener {
  /** A frame that is newer than the last one. */
  readonly onFrame: (answer: Ok<Frame>, question: Question) => void;
  /** Why the newest question has none. */
  readonly onProblem: (problem: Problem) => void;
}

/** Asks for frames: never the same twice in a row, in order, with patience, and again if the kernel dropped the newest. */
export class Frames {
  readonly progress: ReadonlySignal<Progress | null>;
  readonly waiting: ReadonlySignal<boolean>;
  readonly silent: ReadonlySignal<boolean>;
  /** Whether the newest question is out. */
  readonly out: ReadonlySignal<boolean>;
  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #request: () => FrameRequest;
  readonly #listener: Listener;
  readonly #patience: Patience;
  readonly #renewals: Delays;
  #order = 0;
  #settled = 0;
  #lastAsked = "";

  /** `request` is what would be asked for now. */
  constructor(ask: Ask, abort: AbortSignal, request: () => FrameRequest, listener: Listener) {
    this.#ask = ask;
    this.#abort = abort;
    this.#request = request;
    this.#listener = listener;
    this.#patience = new Patience(abort);
    this.#renewals = new Delays(200, Number.POSITIVE_INFINITY, abort);
    this.progress = this.#patience.progress;
    this.waiting = this.#patience.waiting;
    this.silent = this.#patience.silent;
    this.out = this.#patience.out;
  }

  /** Asks, unless just this was asked last; where that was in vain, in any case. */
  ask(editedAt?: number, inVain = false): void {
    const request = this.#request();
    const asked = JSON.stringify(request);
    if (asked === this.#lastAsked && !inVain) return;
    this.#lastAsked = asked;
    const order = ++this.#order;
    this.#patience.begin();
    const onProgress = (progress: Progress) => {
      if (order === this.#order) this.#patience.progress.value = progress;
    };
    const onRenewed = (answer: Ok<Frame>) => {
      if (!this.#abort.aborted) batch(() => this.#settle(order, request, answer, undefined));
    };
    void this.#ask({ kind: "frame", ...request }, { onProgress, onRenewed }).then((answer) => {
      if (!this.#abort.aborted) batch(() => this.#settle(order, request, answer, editedAt));
    });
  }

  askAnew(): void {
    this.#lastAsked = "";
    this.ask();
  }

  /** Asks anew after a while: the model has been trained, or the kernel let the question go. Ever more seldom. */
  renew(): void {
    this.#renewals.plan(() => this.askAnew());
  }

  /** Whoever answers has said something, to this question or another. */
  heard(): void {
    this.#patience.heard();
  }

  /** Numbers are of what is shown again. */
  calm(): void {
    if (!this.#renewals.planned) this.#renewals.end();
  }

  /** Somebody does something: what waits to be asked anew is asked with it. */
  hurry(): void {
    if (this.#renewals.planned) this.#lastAsked = "";
    this.#renewals.end();
  }

  /** What is out answers nothing that anybody still asks. */
  giveUp(): void {
    this.#order++;
    this.#patience.end();
  }

  #settle(order: number, asked: FrameRequest, answer: Answer<Frame>, editedAt: number | undefined): void {
    const newest = order === this.#order;
    if (newest) this.#patience.end();
    switch (answer.status) {
      case "changed":
      case "superseded":
        // Nothing that this page asked is newer: the same question is put again.
        if (newest) this.renew();
        return;
      case "error":
        if (newest) this.#listener.onProblem(answer.problem);
        return;
      case "ok":
        if (order < this.#settled) return;
        this.#settled = order;
        if (!newest) this.#patience.renew();
        this.#listener.onFrame(answer, { order, asked, editedAt, newest });
    }
  }
}
