/** The texts that a question is about. */
export interface TextsRequest {
  readonly text: string;
  readonly pair?: string;
  /** Only the first tokens that fit. */
  readonly first?: true;
}

/** `position` is one of the queries. */
export interface PredictRequest extends TextsRequest {
  readonly position: number;
  readonly part: string;
}
