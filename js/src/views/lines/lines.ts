import { keepOf, vectorOf } from "../../focus/kept";
import { type MapOnShow, sinksOf } from "../../focus/maps";
import type { Filter } from "../../session/filter";

/** Lines never draw everything unless that is asked: left to themselves they keep 70 % of the mass. */
export function linesFilter(filter: Filter): Filter {
  return filter.kind === "auto" ? { kind: "mass", amount: 0.7 } : filter;
}

/** Many lines, strongest first, without an object for each. */
export interface Lines {
  readonly queries: Uint32Array;
  readonly keys: Uint32Array;
  /** Of changes the sizes. */
  readonly weights: Float32Array;
  /** 1 where the line ends in a sink. */
  readonly resting: Uint8Array;
}

/** The lines that are kept of every row of a map, or of every column; none where cells are not single tokens. */
export function linesOf(map: MapOnShow, filter: Filter): Lines {
  const found: [query: number, key: number, weight: number, resting: 0 | 1][] = [];
  if (map.pooling === 1) {
    const count = map.direction === "reads" ? map.queries : map.keys;
    for (let token = 0; token < count; token++) {
      const weights = vectorOf(map, token);
      const { tokens, sinks } = keepOf(weights, sinksOf(map, map.direction), filter);
      const put = (other: number, resting: 0 | 1) => {
        const [query, key] = map.direction === "reads" ? [token, other] : [other, token];
        found.push([query, key, Math.abs(weights[other] as number), resting]);
      };
      for (const other of tokens) put(other, 0);
      for (const other of sinks) put(other, 1);
    }
  }
  found.sort((one, other) => other[2] - one[2]);
  return {
    queries: Uint32Array.from(found, ([query]) => query),
    keys: Uint32Array.from(found, ([, key]) => key),
    weights: Float32Array.from(found, ([, , weight]) => weight),
    resting: Uint8Array.from(found, ([, , , resting]) => resting),
  };
}
