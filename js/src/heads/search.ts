import { batch, type Signal, signal } from "@preact/signals";
import { named } from "./found";

/** What the cells of the grid show: maps, or what was asked of every head. */
export type Shade = "maps" | "values";

/** How all heads are looked through, by every view of a session. */
export class Metrics {
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
