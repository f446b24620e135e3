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

/** What is said of a kernel that went away. */
export const lost = "The kernel was restarted or has ended. Run the cell again to continue.";
