import { pointIn, steerBy } from "../../display/steering";
import { clearHover, type View } from "../../display/view";
import { unitsOf } from "../../session/shown";
import { unitOf } from "../../session/units";
import type { Evidence } from "../../wire/experiments/evidence";
import { type Spot, spotAt, type TestScene } from "./scene";

/** What the view keeps of where one looks. */
export interface Looking {
  readonly on: Spot | null;
  readonly set: (on: Spot | null) => void;
  /** Unfolds what is not compared, or folds it. */
  readonly fold: () => void;
}

export function pointTest(
  view: View,
  evidence: Evidence,
  scene: TestScene,
  { on, set }: Looking,
  event: PointerEvent,
): void {
  const { x, y } = pointIn(event);
  const spot = spotAt(scene, x, y);
  if (spot?.row === on?.row && spot?.column === on?.column) return;
  set(spot);
  mark(view, evidence, scene, spot);
}

/** A click looks from that word. */
export function pressTest(
  view: View,
  evidence: Evidence,
  scene: TestScene,
  looking: Looking,
  event: MouseEvent,
): void {
  const { x, y } = pointIn(event);
  choose(view, evidence, scene, looking, spotAt(scene, x, y));
}

function choose(
  { session }: View,
  { places }: Evidence,
  { rows }: TestScene,
  { fold }: Looking,
  spot: Spot | null,
): void {
  const row = spot?.row == null ? undefined : rows[spot.row];
  if (row === undefined) return;
  if (row.place === null) {
    fold();
    return;
  }
  const place = places[row.place];
  if (place !== undefined) session.pinTokens([place.token, place.token + place.count]);
}

export function steerTest(
  view: View,
  evidence: Evidence,
  scene: TestScene,
  looking: Looking,
  event: KeyboardEvent,
): void {
  const { on, set } = looking;
  const last = { row: scene.rows.length, column: scene.headings.length - 1 };
  const row = on?.row ?? -1;
  const column = on?.column ?? null;
  const look = (spot: Spot) => () => {
    set(spot);
    mark(view, evidence, scene, spot);
  };
  const sideways = (step: number) =>
    look({
      row: Math.max(0, row),
      column:
        column === null
          ? step > 0
            ? 0
            : null
          : column + step < 0
            ? null
            : Math.min(last.column, column + step),
    });
  steerBy(view, event, {
    ArrowUp: look({ row: Math.max(0, row - 1), column }),
    ArrowDown: look({ row: Math.min(column === null ? last.row - 1 : last.row, row + 1), column }),
    ArrowLeft: sideways(-1),
    ArrowRight: sideways(1),
    Home: look({ row: 0, column }),
    End: look({ row: last.row - 1, column }),
    Enter: () => choose(view, evidence, scene, looking, on),
    " ": () => choose(view, evidence, scene, looking, on),
    Escape: () => {
      set(null);
      clearHover(view);
    },
  });
}

/** The word is pointed out in the text too. */
function mark({ local, session }: View, { places }: Evidence, { rows }: TestScene, spot: Spot | null): void {
  const row = spot?.row == null ? undefined : rows[spot.row];
  const place = row?.place == null ? undefined : places[row.place];
  local.marked.value = place === undefined ? null : unitOf(unitsOf(session.shown.peek()), place.token);
}
