import type { Ask } from "../wire/types";

/** Where frames come from: a kernel, or the file that holds this page. */
export interface Source {
  readonly ask: Ask;
  /** Calls back when the other side goes away (true) or is heard again (false). */
  onClosed(listener: (closed: boolean) => void): void;
}
