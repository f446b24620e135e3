import { chipOf, written } from "./chips";
import { textOf } from "./notation";
import { type Hide, inOrder } from "./records";

/** The place of the edit that hides tokens of a part from all others, and is switched on; -1 where there is none. */
function placeOf(edits: readonly string[], part: string | null): number {
  return edits.findIndex((one) => {
    const { edit, on } = chipOf(one);
    return on && edit?.kind === "hide" && edit.part === part && edit.start === 0;
  });
}

/** The tokens that this edit hides. */
export function hiddenBy(edits: readonly string[], part: string | null): readonly number[] {
  const place = placeOf(edits, part);
  return place === -1 ? [] : (chipOf(edits[place] as string).edit as Hide).tokens;
}

/** Edits under which tokens are hidden, or no longer: all that are hidden in one part are one edit. */
export function withHidden(
  edits: readonly string[],
  tokens: readonly number[],
  hides: boolean,
  part: string | null,
): readonly string[] {
  const place = placeOf(edits, part);
  const known = hiddenBy(edits, part);
  const left = inOrder(hides ? [...known, ...tokens] : known.filter((token) => !tokens.includes(token)));
  const text = written({ text: textOf({ kind: "hide", part, tokens: left, start: 0 }), on: true });
  if (place === -1) return left.length === 0 ? edits : [...edits, text];
  return edits.flatMap((one, index) => (index !== place ? [one] : left.length === 0 ? [] : [text]));
}
