import { chipOf, written } from "../edits/chips";
import { type Moves, movedEdit, type Places } from "../edits/moving";
import { textOf } from "../edits/notation";
import type { Frame } from "../wire/types";
import { keysOf } from "./axes";
import { type Laid, placesFrom } from "./text/token-places";
import { same } from "./traits";

/** A frame, and the texts that it shows. */
interface Seen {
  readonly frame: Frame;
  readonly text: string;
  readonly pair: string;
}

/** An edit whose tokens are gone, and the text in which they stood. */
interface Gone {
  readonly text: string;
  readonly pair: string;
  readonly was: string;
}

/** Edits count the tokens of one text: they move with the tokens when it is another one. */
export class EditPlaces {
  /** The text that the edits count the tokens of; null while nobody knows. */
  #at: Seen | null = null;
  readonly #gone = new Map<string, Gone>();

  /** Somebody else has set them: they count the tokens of the text that comes. */
  forget(): void {
    this.#at = null;
    this.#gone.clear();
  }

  /** Why an edit is off though nobody switched it off. */
  isGone(chip: string): boolean {
    return this.#gone.has(chip);
  }

  /** The edits of a text that is read now. One whose tokens are gone is switched off, and on again when its text comes back. */
  follow(seen: Seen, edits: readonly string[]): readonly string[] {
    const at = this.#at;
    this.#at = seen;
    for (const chip of this.#gone.keys()) if (!edits.includes(chip)) this.#gone.delete(chip);
    if (at === null || edits.length === 0 || (at.text === seen.text && at.pair === seen.pair)) return edits;
    const places = placesByRole(at, seen);
    const moved = edits.map((chip) => this.#moved(chip, at, seen, places));
    return same(moved, edits) ? edits : moved;
  }

  #moved(chip: string, at: Seen, seen: Seen, places: PlacesByRole): string {
    const gone = this.#gone.get(chip);
    if (gone !== undefined) {
      if (gone.text !== seen.text || gone.pair !== seen.pair) return chip;
      this.#gone.delete(chip);
      return gone.was;
    }
    const { edit, text, on } = chipOf(chip);
    if (edit === null) return chip;
    const after = movedEdit(edit, movesOf(edit.part ?? at.frame.header.part, places));
    if (after !== null) return written({ text: textOf(after), on });
    const off = written({ text, on: false });
    this.#gone.set(off, { text: at.text, pair: at.pair, was: chip });
    return off;
  }
}

/** By the text that tokens are of: the one that is read across, or the one that reads it. */
type PlacesByRole = Readonly<Record<"read" | "reading", Places>>;

const readAcross: ReadonlySet<string> = new Set(["encoder", "vision", "audio"]);

function placesByRole(before: Seen, after: Seen): PlacesByRole {
  const [from, to] = [rolesOf(before), rolesOf(after)];
  const places = (role: keyof PlacesByRole): Places => {
    const [one, other] = [from[role], to[role]];
    // Of a text that is not on show nothing is known: its tokens are taken to stay.
    return one === undefined || other === undefined ? (token) => token : placesFrom(one, other);
  };
  return { read: places("read"), reading: places("reading") };
}

function rolesOf({ frame: { header }, text, pair }: Seen): Partial<Record<keyof PlacesByRole, Laid>> {
  const texts = [text, pair] as const;
  const queries = { texts, tokens: header.tokens, units: header.units };
  if (header.key_tokens != null)
    return { reading: queries, read: { texts, tokens: keysOf(header), units: header.key_units ?? null } };
  return readAcross.has(header.part) ? { read: queries } : { reading: queries };
}

function movesOf(part: string, { read, reading }: PlacesByRole): Moves {
  if (part === "cross") return { queries: reading, keys: read };
  const own = readAcross.has(part) ? read : reading;
  return { queries: own, keys: own };
}
