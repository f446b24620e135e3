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
