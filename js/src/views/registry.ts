import type { View } from "../display/view";
import { follow } from "../session/answers/follow";
import type { Session } from "../session/session";
import { compare } from "./compare";
import type { ViewEntry } from "./entry";
import { flow } from "./flow";
import { layers } from "./layers";
import { lens } from "./lens";
import { lines } from "./lines";
import { matrix } from "./matrix";
import { model } from "./model";
import { neuron } from "./neuron";
import { test } from "./test";

/** The views of the stage, as their tabs stand: group by group. */
export const views: readonly ViewEntry[] = [matrix, lines, layers, flow, compare, neuron, model, lens, test];

/** The view of a name; the first one for a name that is not known. */
export function viewOf(name: string): ViewEntry {
  return views.find((view) => view.name === name) ?? matrix;
}

/** The views that whoever answers can fill. Reads signals. */
export function offeredViews(session: Session): readonly ViewEntry[] {
  return views.filter(
    ({ needs, offered }) => (needs === undefined || session.can(needs)) && (offered?.(session) ?? true),
  );
}

/** Asks for what the chosen view shows. Ends with the view of the explorer. */
export function followStage(view: View): void {
  const { session, abort } = view;
  follow(session, abort, () => viewOf(session.traits.view.value).wishes?.(view) ?? []);
}
