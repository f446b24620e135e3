import type { Frame, FrameRequest, Span, Traits } from "../wire/types";
import { adopted } from "./asking/frame-request";
import { askedAt, type Caret, moving, ownTexts, sameCaret } from "./patches";
import type { TraitName } from "./traits";

/** What the traits become with a frame. */
export interface Adopted {
  /** In this page alone. */
  readonly kept: Partial<Traits>;
  /** In Python too; what is `doubted` in any case. */
  readonly written: Partial<Traits>;
  readonly doubted: readonly TraitName[];
}

/** What is looked at: where the caret is that leads, else the query that is pinned. */
export interface Leading {
  readonly caret: Caret | null;
  readonly query: Span;
}

/** Who says what is looked at: the caret in this page, what is pinned, or Python and other pages. */
export class Lead {
  /** The caret while it leads, and the text field that it is in; null when a query is pinned. */
  #caret: Caret | null = null;
  /** Whether the kernel may have fitted the query to a text of ours, which it does not report. */
  #fitted = false;
  /** Whether Python, or another page, did the last thing: where the query is left to them. */
  #follows = false;

  isAt(caret: Caret): boolean {
    return sameCaret(this.#caret, caret);
  }

  /** What is looked at now, to be gone back to. */
  now(query: Span): Leading {
    return { caret: this.#caret, query };
  }

  /** Something is done here. */
  take(): void {
    this.#follows = false;
  }

  takeAt(caret: Caret): void {
    this.take();
    this.#caret = caret;
  }

  /** The caret no longer says what is looked at. */
  pin(): void {
    this.#caret = null;
  }

  /** A text of ours has changed. */
  fit(): void {
    this.#fitted = true;
  }

  /** Python, or another page, has set something. What was written here and is still `out` nobody else answers. */
  yieldTo(name: TraitName, out: boolean): void {
    if (moving.has(name)) this.#caret = null;
    if (moving.has(name) || !out) this.#follows = true;
  }

  /** What a request says of the query. */
  asked(frame: Frame | undefined, query: Span): Pick<FrameRequest, "caret" | "field" | "query"> {
    return askedAt(this.#caret, frame, query);
  }

  /** The newest frame says what the query has become. */
  adopt(frame: Frame, query: Span): Adopted {
    const { query: became = query, ...found } = adopted(frame.header, this.#caret === null ? query : null);
    const doubted = this.#fitted && !this.#follows ? (["query"] as const) : [];
    this.#fitted = false;
    const texts = ownTexts(frame);
    return this.#follows
      ? { kept: { query: became }, written: { ...found, ...texts }, doubted }
      : { kept: {}, written: { ...found, query: became, ...texts }, doubted };
  }
}
