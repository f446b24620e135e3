/** From the top of its first line to the bottom of its last, in pixels of a surface. */
export interface Reach {
  readonly upper: number;
  readonly lower: number;
}

/**
 * Where stretches that go downwards stand, by halves: what lies between two of one line is on it, and is not asked for.
 * What stands nowhere stands where the one before it does.
 */
export function reachesOf(count: number, reachOf: (stretch: number) => Reach | null): readonly Reach[] {
  const found: Reach[] = [];
  const ask = (at: number): Reach => {
    for (let place = at; place >= 0; place--) {
      const reach = found[place] ?? reachOf(place);
      if (reach !== null) return reach;
    }
    return nowhere;
  };
  const fill = (first: number, last: number): void => {
    const [from, to] = [found[first] as Reach, found[last] as Reach];
    if (last - first < 2) return;
    if (from.upper === to.upper && from.lower === to.lower) {
      found.fill(from, first, last);
      return;
    }
    const middle = (first + last) >> 1;
    found[middle] = ask(middle);
    fill(first, middle);
    fill(middle, last);
  };
  if (count === 0) return found;
  found.length = count;
  found[0] = ask(0);
  found[count - 1] = ask(count - 1);
  fill(0, count - 1);
  return found;
}

const nowhere: Reach = { upper: 0, lower: 0 };
