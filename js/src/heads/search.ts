import { batch, type Signal, signal } from "@preact/signals";
import { oneForEach } from "../lib/one-for-each";
import type { KnownEffects } from "../session/answers/effects";
import type { Session } from "../session/session";
import type { Metric } from "../wire/metric";
import { named } from "./found";

/** What the cells of the grid show: maps, what was asked of every head, or what silencing it does to the answer. */
export type Shade = "maps" | "values" | "effect";

/** How heads are looked for, by every view of a session. */
export class HeadSearch {
  readonly shade: Signal<Shade> = signal("maps");
  /** What heads are looked for by, and the last of these that is a number. */
  readonly by: Signal<string> = signal(named);
  readonly number: Signal<string> = signal("entropy");
  readonly lowest: Signal<boolean> = signal(false);
  readonly top: Signal<number> = signal(0);
  readonly only: Signal<string | null> = signal(null);
  /** What became of every head since a text was held, while that is compared; and whether the grid shows it. */
  readonly change: Signal<Metric | null> = signal(null);
  readonly changes: Signal<boolean> = signal(true);

  /** Look for heads by something else. */
  choose(by: string): void {
    batch(() => {
      this.by.value = by;
      this.only.value = null;
      if (by !== named) this.number.value = by;
    });
  }

  showAll(): void {
    batch(() => {
      this.top.value = 0;
      this.only.value = null;
    });
  }
}

/** The search of a session. */
export const searchOf = oneForEach((_session: Session) => new HeadSearch());

/** What silencing every head does to the answer, where the grid shows it. Reads signals. */
export function effectsShown(session: Session): KnownEffects | null {
  return isByEffect(session) ? session.effects.known("heads") : null;
}

/** Whether the grid is to show that. Reads signals. */
export function isByEffect(session: Session): boolean {
  return searchOf(session).shade.value === "effect" && changeShown(session) === null && session.answers.value;
}

/** What became of every head, where it is compared; null elsewhere. Reads signals. */
export function changeOf(session: Session): Metric | null {
  return session.traits.view.value === "compare" ? searchOf(session).change.value : null;
}

/** The same, where the grid shows it. */
export function changeShown(session: Session): Metric | null {
  return searchOf(session).changes.value ? changeOf(session) : null;
}
