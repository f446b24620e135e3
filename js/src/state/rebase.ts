import type { Span } from "../wire/types";

/** The spans of the old text in the new one. What the edit touches is shortened, or dropped as [-1, -1]. */
export function rebase(from: string, to: string, spans: readonly Span[]): readonly Span[] {
  if (from === to) return spans;
  const prefix = commonPrefix(from, to);
  const suffix = commonSuffix(from, to, prefix);
  const tail = from.length - suffix;
  const shift = to.length - from.length;
  return spans.map(([start, stop]) => {
    if (stop <= prefix) return [start, stop];
    if (start >= tail) return [start + shift, stop + shift];
    if (start < prefix) return [start, prefix];
    if (stop > tail) return [tail + shift, stop + shift];
    return [-1, -1];
  });
}

function commonPrefix(from: string, to: string): number {
  const limit = Math.min(from.length, to.length);
  let length = 0;
  while (length < limit && from.charCodeAt(length) === to.charCodeAt(length)) length++;
  return splitsPair(from, length) || splitsPair(to, length) ? length - 1 : length;
}

function commonSuffix(from: string, to: string, prefix: number): number {
  const limit = Math.min(from.length, to.length) - prefix;
  let length = 0;
  while (
    length < limit &&
    from.charCodeAt(from.length - 1 - length) === to.charCodeAt(to.length - 1 - length)
  )
    length++;
  return splitsPair(from, from.length - length) || splitsPair(to, to.length - length) ? length - 1 : length;
}

/** Whether a place in a text lies between the halves of a surrogate pair. */
function splitsPair(text: string, place: number): boolean {
  if (place <= 0 || place >= text.length) return false;
  const before = text.charCodeAt(place - 1);
  const after = text.charCodeAt(place);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
