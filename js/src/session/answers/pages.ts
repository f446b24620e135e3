import type { SavedFinding, SavedPage } from "../../wire/page";
import type { Ask } from "../../wire/types";

/** The explorer as a page in a file, which the kernel writes. */
export class Pages {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Rejects with a sentence. */
  async page(): Promise<SavedPage> {
    const answer = await this.#ask({ kind: "page" });
    if (answer.status === "ok") return answer.reply;
    throw new Error(
      answer.status === "error" ? answer.problem.message : "Another page of this explorer is being written.",
    );
  }

  /** What is on screen as a finding, with the reader's sentence; `measured` has the words measured too. Rejects with a sentence. */
  async finding(caption: string, measured: boolean): Promise<SavedFinding> {
    const answer = await this.#ask({ kind: "finding", caption, exact: measured });
    if (answer.status === "ok") return answer.reply;
    throw new Error(answer.status === "error" ? answer.problem.message : "Another finding is being kept.");
  }
}
