import type { MarkLook } from "../../src/surface/looks";

/** A stretch that nothing is to be said of. */
export const unmarked: MarkLook = {
  tone: 0,
  sink: false,
  query: false,
  focus: false,
  marked: false,
  found: null,
  way: null,
  hidden: false,
  touched: false,
  produced: null,
};
