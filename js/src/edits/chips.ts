import { readEdit, textOf } from "./notation";
import type { Edit } from "./records";

/** One of the edits of an explorer: written in brackets while it is switched off. */
export interface Chip {
  readonly text: string;
  readonly on: boolean;
  /** Null for what this page cannot read: it is shown as it is. */
  readonly edit: Edit | null;
}

export function chipOf(written: string): Chip {
  const inside = /^\s*\((.*)\)\s*$/s.exec(written)?.[1];
  const text = (inside ?? written).trim();
  const said = readEdit(text);
  return { text, on: inside === undefined, edit: "edit" in said ? said.edit : null };
}

export function written({ text, on }: Pick<Chip, "text" | "on">): string {
  return on ? text : `(${text})`;
}

/** The edits that are on, as a request has them. */
export function editsOn(all: readonly string[]): readonly string[] {
  return all.map(chipOf).flatMap(({ text, on }) => (on ? [text] : []));
}

/** With one more; the one that says the same, on or off, gives way to it. */
export function withEdit(all: readonly string[], edit: Edit): readonly string[] {
  const text = textOf(edit);
  const others = all.filter((one) => chipOf(one).text !== text);
  return others.length === all.length
    ? [...all, text]
    : all.map((one) => (chipOf(one).text === text ? text : one));
}

export function without(all: readonly string[], place: number): readonly string[] {
  return all.filter((_, index) => index !== place);
}

export function switched(all: readonly string[], place: number): readonly string[] {
  return all.map((one, index) => {
    const { text, on } = chipOf(one);
    return index === place ? written({ text, on: !on }) : one;
  });
}
