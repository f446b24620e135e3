import type { Problem, Progress } from "./problem";
import type { OffEdit, Replies, Request, Sight } from "./types";

export interface Ok<Reply> {
  readonly status: "ok";
  readonly id: string;
  readonly reply: Reply;
  /** What it is about; absent where no text was read, or by an older kernel. */
  readonly reading?: string;
  /** Beside a frame of a place where the explorer opened by itself: what can be seen on the text, this among it. */
  readonly sights?: readonly Sight[];
  /** The edits of what is not there, which were left out. */
  readonly off?: readonly OffEdit[];
}

export type Answer<Reply> =
  | Ok<Reply>
  /** The texts are read as something else now than what was asked about: the model has changed. */
  | { readonly status: "changed"; readonly id: string }
  | { readonly status: "superseded"; readonly id: string }
  | { readonly status: "error"; readonly id: string; readonly problem: Problem };

/** What whoever asks may add to a question. */
export interface Asking<Reply> {
  readonly onProgress?: (progress: Progress) => void;
  /** Parts of the answer, each with more in it than the one before; the whole follows. */
  readonly onPartial?: (part: Ok<Reply>) => void;
  /** The same question has another answer by now, as long as none of its kind was asked since: a model in training. */
  readonly onRenewed?: (answer: Ok<Reply>) => void;
  /** Lets go of the question: it is `superseded` at once, and whoever answers may stop. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that go along with the question. */
  readonly buffers?: readonly ArrayBuffer[] | undefined;
}

export type Ask = <Kind extends Request["kind"]>(
  request: Extract<Request, { kind: Kind }>,
  asking?: Asking<Replies[Kind]>,
) => Promise<Answer<Replies[Kind]>>;
