import type { ComponentChildren, FunctionComponent } from "preact";
import type { View } from "../display/view";
import type { Description } from "../focus/description";
import type { KeyRow } from "../lib/keys";
import type { Wish } from "../session/answers/follow";
import type { Session } from "../session/session";
import type { Request } from "../wire/types";

/** What one wants of a view: to look at attention, to look into the model, or to test what is seen. */
export type ViewGroup = "look" | "inside" | "test";

/** A view of the stage, as the registry has it. */
export interface ViewEntry {
  /** As Python writes it. */
  readonly name: string;
  /** On its tab. */
  readonly text: string;
  readonly group: ViewGroup;
  /** What it shows, in a line. */
  readonly shows: string;
  readonly Stage: FunctionComponent;
  /** It shows heads of its own choice: what the toolbar chooses colours the text alone. */
  readonly ownHeads?: true;
  /** What its keys do: `?` shows them, under the tab's text or `keysOf`. */
  readonly keys: readonly KeyRow[];
  readonly keysOf?: string;
  /** What it shows in words; null while that is not known, and then the map on show is described. Reads signals. */
  readonly words?: (session: Session) => Description | null;
  /** What it asks for while it is chosen, first things first; null for what cannot be asked yet. Reads signals. */
  readonly wishes?: (view: View) => readonly (Wish | null)[];
  /** Where the lists stand beside the stage: what takes the place of the predictions, as long as it has something to say. */
  readonly Expected?: FunctionComponent<{ readonly instead: ComponentChildren }>;
  /** Without an answer to this there is nothing to show. */
  readonly needs?: Request["kind"];
  /** Whether there can be anything to show of this model; always, where it is not said. Reads signals. */
  readonly offered?: (session: Session) => boolean;
}
