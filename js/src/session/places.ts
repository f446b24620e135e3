import type { Direction } from "../wire/types";

export interface HeadRef {
  readonly layer: number;
  readonly head: number;
}

/** An axis of a map: the tokens that read, or those that are read. */
export type Side = "query" | "key";

export function sideOf(direction: Direction): Side {
  return direction === "reads" ? "query" : "key";
}
