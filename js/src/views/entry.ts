import type { FunctionComponent } from "preact";
import type { View } from "../display/view";
import type { Description } from "../focus/description";
import type { Session } from "../session/session";
import type { Request } from "../wire/types";

/** A view of the stage, as the registry has it. */
export interface ViewEntry {
  /** As Python writes it. */
  readonly name: string;
  /** On its tab. */
  readonly text: string;
  readonly Stage: FunctionComponent;
  /** What it shows in words; null while that is not known, and then the map on show is described. Reads signals. */
  readonly words?: (session: Session) => Description | null;
  /** Asks for what it shows, while it is chosen. Ends with the view. */
  readonly follow?: (view: View) => void;
  /** Without an answer to this there is nothing to show. */
  readonly needs?: Request["kind"];
}
