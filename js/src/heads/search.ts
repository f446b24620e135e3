import { batch, type Signal, signal } from "@preact/signals";
import { oneForEach } from "../lib/one-for-each";
import type { Session } from "../session/session";
import { named } from "./found";

/** What the cells of the grid show: maps, or what was asked of every head. */
export type Shade = "maps" | "values";

/** How heads are looked for, by every view of a session. */
export class HeadSearch {
  readonly shade: Signal<Shade> = signal("maps");
  /** What heads are looked for by, and the last of these that is a number. */
  readonly by: Signal<string> = signal(named);
  readonly number: Signal<string> = signal("entropy");
  readonly lowest: Signal<boolean> = signal(false);
  readonly top: Signal<number> = signal(0);
  readonly only: Signal<string | null> = signal(null);

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
