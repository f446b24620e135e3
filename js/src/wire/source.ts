import type { Ask } from "./answer";
import type { Request } from "./types";

/** Where answers come from: a kernel, or the file that holds this page. */
export interface Source {
  readonly ask: Ask;
  /** Whether it answers a kind of question at all: what it cannot do is not offered. */
  readonly answers: (kind: Request["kind"]) => boolean;
  /** Calls back when the other side goes away (true) or is heard again (false). */
  readonly onClosed: (listener: (closed: boolean) => void) => void;
}
