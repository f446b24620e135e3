/** Label numbers on an axis that stay legible: every so-and-so-many, at least `room` pixels apart. */
export function labelStep(pitch: number, room: number): number {
  if (!(pitch > 0)) return 1;
  const wanted = room / pitch;
  if (wanted <= 1) return 1;
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * decade >= wanted) ?? 10;
  return Math.max(1, factor * decade);
}

/**
 * The labels to draw: the thinned ones, and those that must be seen, which push out their neighbours.
 * Of an axis that is in sight from one token to another, only those.
 */
export function thinLabels(
  count: number,
  pitch: number,
  room: number,
  wanted: readonly number[],
  [start, stop]: readonly [number, number] = [0, count],
): number[] {
  const step = labelStep(pitch, room);
  const kept = wanted.filter((index) => index >= start && index < stop);
  const shown = new Set(kept);
  for (let index = Math.ceil(start / step) * step; index < stop; index += step) {
    if (kept.every((other) => other === index || Math.abs(other - index) * pitch >= room)) shown.add(index);
  }
  return [...shown].sort((one, other) => one - other);
}

/** A text that ends in an ellipsis where it does not fit. */
export function fitted(text: string, room: number, measure: (text: string) => number): string {
  if (measure(text) <= room) return text;
  const signs = Array.from(text.replace(/…$/, ""));
  const first = (count: number) => `${signs.slice(0, count).join("")}…`;
  let [fits, over] = [1, signs.length + 1]; // by halves: a word may have thousands of letters
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (measure(first(middle)) > room) over = middle;
    else fits = middle;
  }
  return first(fits);
}
