import type { Span } from "../../wire/types";

/** One stretch of a text, and what stands in its place. */
export interface Change {
  readonly at: number;
  readonly removed: string;
  readonly inserted: string;
}

/** The shortest single change that leads from one text to another. */
export function changeOf(from: string, to: string): Change {
  const at = from === to ? from.length : commonPrefix(from, to);
  const suffix = from === to ? 0 : commonSuffix(from, to, at);
  return { at, removed: from.slice(at, from.length - suffix), inserted: to.slice(at, to.length - suffix) };
}

/** The place in the new text of a place in the old one; inside of what was changed, as near as can be. */
export function moved({ at, removed, inserted }: Change, place: number): number {
  if (place <= at) return place;
  if (place >= at + removed.length) return place + inserted.length - removed.length;
  return Math.min(place, at + inserted.length);
}

/** The spans of the old text in the new one. What the edit touches is shortened, or dropped as [-1, -1]. */
export function rebase(from: string, to: string, spans: readonly Span[]): readonly Span[] {
  if (from === to) return spans;
  const { at: prefix, removed } = changeOf(from, to);
  const tail = prefix + removed.length;
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
