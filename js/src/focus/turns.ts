import type { Span, Turn } from "../wire/types";
import type { Segment } from "./marks";

/** Tokens that share a stretch, and where it is in what a turn says. */
export interface Said {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly start: number;
  readonly stop: number;
}

/** A turn as the text field shows it: what is said has a control of its own, the template's marks stand around it. */
export interface TurnField {
  readonly role: string;
  readonly text: string;
  readonly said: readonly Said[];
  /** The tokens of the marks before and after what is said, those of one stretch together. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** Whether one line stands for all that is said. */
  readonly folded: boolean;
}

/** The stretches of a text, turn by turn. What reaches over the edge of what is said counts to it. */
export function turnFields(
  segments: readonly Segment[],
  turns: readonly Turn[],
  folded: (role: string) => boolean,
): readonly TurnField[] {
  const text = segments.map((segment) => segment.text).join("");
  const found = turns.map(({ role, start, stop }) => ({
    role,
    text: text.slice(start, stop),
    said: [] as Said[],
    before: [] as (readonly number[])[],
    after: [] as (readonly number[])[],
    folded: folded(role) && stop > start,
  }));
  let place = 0;
  let at = 0;
  for (const segment of segments) {
    const begin = place;
    place += segment.text.length;
    if (segment.mark === null) continue;
    while (at < turns.length - 1 && begin >= (turns[at] as Turn).end) at++;
    // A stretch between two turns may begin in the marks of one and belong to the words of the next.
    const last = turns[at + 1] !== undefined && place > (turns[at + 1] as Turn).start ? at + 1 : at;
    const { start, stop } = turns[last] as Turn;
    const field = found[last] as (typeof found)[number];
    const { tokens } = segment.mark;
    const [from, to] = [Math.max(begin, start), Math.min(place, stop)];
    if (from < to)
      field.said.push({ tokens, text: text.slice(from, to), start: from - start, stop: to - start });
    else if (place <= start) field.before.push(tokens);
    else field.after.push(tokens);
  }
  return found;
}

/** The marks, from one to another, that spell a role together; none where it is not among them. */
export function namingOf(labels: readonly string[], role: string): Span {
  for (let from = labels.length - 1; from >= 0; from--) {
    let spelt = "";
    for (let to = from; to < labels.length && spelt.length < role.length; to++) {
      spelt += (labels[to] ?? "").trim().toLowerCase();
      if (spelt === role) return [from, to + 1];
    }
  }
  return [labels.length, labels.length];
}
