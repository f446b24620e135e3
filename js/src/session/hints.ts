import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { About, Example, Sight, Span, Stats, Traits } from "../wire/types";
import type { Synced } from "./traits";

/** What to look at, and the head where more is to be seen. */
export interface Hint {
  readonly sentence: string;
  readonly next: Sight | null;
  /** Whether it tells of one query of the head on show: what that does on the whole text is another matter. */
  readonly ofHead: boolean;
}

/** What can be seen on a text. */
interface Seen {
  readonly text: string;
  readonly sights: readonly Sight[];
}

/** What is worth looking at, said until somebody chooses something. */
export class Hints {
  readonly hint: ReadonlySignal<Hint | null>;
  readonly #seen: Signal<Seen | null> = signal(null);
  readonly #chosen: Signal<boolean> = signal(false);

  constructor(traits: Synced["signals"], about: Signal<About | null>) {
    this.hint = computed(() => {
      if (this.#chosen.value) return null;
      const { text, layer, head, query } = traits;
      const place = { text: text.value, layer: layer.value, head: head.value, query: query.value };
      return (
        sightHint(place, this.#seen.value) ??
        exampleHint(
          { ...place, pair: traits.pair.value, part: traits.part.value, view: traits.view.value },
          about.value?.examples ?? [],
        )
      );
    });
  }

  /** The kernel says what can be seen. */
  see(text: string, sights: readonly Sight[]): void {
    this.#seen.value = { text, sights };
  }

  /** Somebody chooses something: he knows what he looks at. */
  end(): void {
    this.#chosen.value = true;
  }

  /** Somebody wants to be shown something. */
  begin(): void {
    this.#chosen.value = false;
  }
}

type Place = Pick<Traits, "text" | "layer" | "head" | "query">;
type WholePlace = Place & Pick<Traits, "pair" | "part" | "view">;

export function sightHint({ text, layer, head, query }: Place, seen: Seen | null): Hint | null {
  if (seen?.text !== text) return null;
  const { sights } = seen;
  const at = sights.findIndex(
    (sight) => sight.layer === layer && sight.head === head && isSame(sight.query, query),
  );
  const sight = sights[at];
  if (sight === undefined) return null;
  const name = `L${sight.layer}H${sight.head}`;
  const reads = `${readsOf(sight)} (score ${sight.score.toFixed(2)} on this text)`;
  return {
    sentence: at === 0 ? `Opened at ${name}, which ${reads}.` : `${name} ${reads}.`,
    next: sights.length > 1 ? (sights[(at + 1) % sights.length] ?? null) : null,
    ofHead: false,
  };
}

/** What a head does that is to be seen. */
export function readsOf({ pattern }: Sight): string {
  return shows[pattern] ?? `shows the pattern ${pattern}`;
}

/** Where a head rests on the whole text, whatever one query of it shows. */
export function restInWords({ first }: Stats): string {
  return first < 0.2 ? "" : `Over the whole text it puts ${first.toFixed(2)} on the first token.`;
}

/** By pattern, as attnwidget/measures/patterns/sights.py names them. */
const shows: Readonly<Record<string, string>> = {
  induction: "reads what followed an earlier, equal token",
  "duplicate token": "reads earlier, equal tokens",
  "previous token": "reads the token before",
  "next token": "reads the token after",
};

/** The sentence of the example on show, where its head and query are looked at. */
export function exampleHint(
  { text, pair, part, layer, head, query, view }: WholePlace,
  examples: readonly Example[],
): Hint | null {
  const found = examples.find(
    (example) =>
      example.text === text &&
      (example.pair === undefined || example.pair === pair) &&
      (example.part === undefined || example.part === part) &&
      (example.head === undefined || (example.head[0] === layer && example.head[1] === head)) &&
      (example.query === undefined || isSame(example.query, query)) &&
      (example.view === undefined || example.view === view),
  );
  return found?.look === undefined
    ? null
    : { sentence: found.look, next: null, ofHead: found.head !== undefined };
}

function isSame([start, stop]: Span, [from, to]: Span): boolean {
  return start === from && stop === to;
}
