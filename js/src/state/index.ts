// What parts may know of the records: the names of state, and those of the wire that state passes on.

export type {
  About,
  Direction,
  Frame,
  MapSource,
  Predictions,
  Problem,
  Span,
  Stats,
  Tokens,
} from "../wire/types";
export { type Derived, derive, type Heat, type Ranked } from "./derived";
export { followPointer } from "./followup";
export { nextLayer } from "./heads";
export { type Cell, createLocal, type HeadRef, type Local } from "./local";
export { checksum, type MapOnShow, weightAt } from "./maps";
export type { Mark, Segment } from "./marks";
export { Session, type Shown } from "./session";
