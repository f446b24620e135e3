import type { AskedAnswer, Edits } from "./what-if";

/** The texts that a question is about. */
export interface TextsRequest {
  readonly text: string;
  readonly pair?: string;
  /** What is changed in the computation: the edits that are switched on. */
  readonly edits?: Edits;
  /** The answer that is asked about, where one is. */
  readonly question?: AskedAnswer;
  /** Only the first tokens that fit. */
  readonly first?: true;
  /** What was read of them, where the question is about what is shown. */
  readonly reading?: string;
  /** Which view of the page asks; nobody in particular when not said. The newest question of each counts. */
  readonly asker?: string;
}

/** `position` is one of the queries. */
export interface PredictRequest extends TextsRequest {
  readonly position: number;
  readonly part: string;
}
