import type { Span } from "../src/wire/types";

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Previous-token, same-token, local, block or diffuse heads, all with a sink at the first token. */
export function headMap(seed: number, count: number, causal: boolean): Float32Array {
  const next = random(seed * 7919);
  const style = Math.floor(next() * 5);
  const width = 1 + next() * 4;
  const sink = next() * 3;
  const map = new Float32Array(count * count);
  for (let query = 0; query < count; query++) {
    let total = 0;
    for (let key = 0; key < (causal ? query + 1 : count); key++) {
      const far = query - key;
      let score = next() * 2.2;
      if (key === 0) score += sink + 1;
      if (style === 0) score += far === 1 ? 5 : 0;
      if (style === 1) score += Math.exp(-(far ** 2) / (2 * width ** 2)) * 4;
      if (style === 2) score += Math.floor(query / 5) === Math.floor(key / 5) ? 2.5 : 0;
      if (style === 3) score += far % 6 === 4 ? 3 : 0;
      const value = Math.exp(score);
      map[query * count + key] = value;
      total += value;
    }
    for (let key = 0; key < count; key++)
      map[query * count + key] = (map[query * count + key] as number) / total;
  }
  return map;
}

export function rowOf(map: Float32Array, count: number, [start, stop]: Span): Float32Array {
  return Float32Array.from({ length: count }, (_, key) => {
    let sum = 0;
    for (let query = start; query < stop; query++) sum += map[query * count + key] as number;
    return sum / (stop - start);
  });
}

export function columnOf(map: Float32Array, count: number, [start, stop]: Span): Float32Array {
  return Float32Array.from({ length: count }, (_, query) => {
    let sum = 0;
    for (let key = start; key < stop; key++) sum += map[query * count + key] as number;
    return sum;
  });
}
