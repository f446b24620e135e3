import type { Reach } from "./minimap/reaches";

/** What of a text is in its box. */
export interface Sight {
  readonly top: number;
  readonly height: number;
}

/** So much of a line is to be seen of what stands around. */
const margin = 12;

/** Where a box begins that has stretches in it, the first of them at any rate; where it is now if it has them. */
export function sightOn([first, ...more]: readonly Reach[], { top, height }: Sight): number {
  if (first === undefined) return top;
  let whole = first;
  for (const { upper, lower } of more) {
    const wider = { upper: Math.min(whole.upper, upper), lower: Math.max(whole.lower, lower) };
    if (wider.lower - wider.upper <= height - 2 * margin) whole = wider;
  }
  const { upper, lower } = whole;
  if (upper >= top && lower <= top + height) return top;
  // What is higher than the box is shown from where it begins.
  if (lower - upper > height - 2 * margin) return Math.max(0, upper - margin);
  const far = upper > top + 2 * height || lower < top - height;
  if (far) return Math.max(0, (upper + lower - height) / 2);
  return Math.max(0, upper < top ? upper - margin : lower + margin - height);
}
