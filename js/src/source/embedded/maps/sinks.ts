import type { Tokens } from "../../../wire/types";
import type { SquareMap } from "./vectors";

/** As attnwidget/measures/heads/sinks.py has them. */
const threshold = 0.3;
const fewest = 3;

/** What each key gets from the queries that are not padding: in all, and from the others alone. */
export function massOf({ size, values }: SquareMap, { padding }: Tokens) {
  const all = new Float64Array(size);
  const received = new Float64Array(size);
  for (let query = 0; query < size; query++) {
    if (padding[query] === true) continue;
    for (let key = 0; key < size; key++) {
      const weight = values[query * size + key] as number;
      all[key] = (all[key] as number) + weight;
      if (key !== query) received[key] = (received[key] as number) + weight;
    }
  }
  return { all, received };
}

/** The units that take attention whatever the query: scored above 0.3, and without content of their own. */
export function sinksOf(received: Float64Array, tokens: Tokens, readers: readonly number[]): number[] {
  const first = tokens.padding.indexOf(false);
  return Array.from(received.keys()).filter((key) => {
    const count = readers[key] ?? 0;
    return count >= fewest && (received[key] as number) / count > threshold && isEmpty(tokens, key, first);
  });
}

/** How many other queries can see each key where nothing but causality and padding hides it; 0 for padding. */
export function unmaskedReaders({ padding }: Tokens, causal: boolean): number[] {
  const real = padding.filter((one) => !one).length;
  let before = 0;
  return padding.map((one) => {
    if (one) return 0;
    before++;
    return causal ? real - before : real - 1;
  });
}

function isEmpty({ pieces, special }: Tokens, key: number, first: number): boolean {
  return key === first || special[key] === true || !/[\p{L}\p{N}]/u.test(pieces[key] ?? "");
}
