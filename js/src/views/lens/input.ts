import { type Moves, pointIn, steerBy } from "../../display/steering";
import { clearHover, type View } from "../../display/view";
import { unitsOf } from "../../session/shown";
import { unitOf } from "../../session/units";
import { type LensTable, lensOf } from "./lens";
import { layersOf } from "./picture";
import { type LensHit, type LensScene, lensHit } from "./scene";

function under(scene: LensScene, table: LensTable, event: MouseEvent): LensHit | null {
  const { x, y } = pointIn(event);
  return lensHit(scene, table.start, x, y);
}

export function pointLens(view: View, scene: LensScene, table: LensTable, event: PointerEvent): void {
  look(view, under(scene, table, event));
}

/** A cell points out its token in the text, a head itself in the grid. */
function look(view: View, hit: LensHit | null): void {
  const { looked } = lensOf(view);
  if (JSON.stringify(hit) === JSON.stringify(looked.peek())) return;
  looked.value = hit;
  const { local, session } = view;
  local.marked.value =
    hit !== null && "position" in hit ? unitOf(unitsOf(session.shown.peek()), hit.position) : null;
  local.hoverHead.value = hit?.kind === "head" ? { layer: hit.layer, head: hit.head } : null;
}

export function leaveLens(view: View): void {
  lensOf(view).looked.value = null;
}

export function pressLens(view: View, scene: LensScene, table: LensTable, event: MouseEvent): void {
  const hit = under(scene, table, event);
  if (hit !== null) pin(view, hit);
}

/** A token becomes the query, a head the chosen one. */
function pin({ session }: View, hit: LensHit): void {
  if (hit.kind === "head") session.pinHead(hit.layer, hit.head, "head");
  if (!("position" in hit)) return;
  const unit = unitOf(unitsOf(session.shown.peek()), hit.position);
  session.pinQuery([unit, unit + 1], "query");
}

export function steerLens(view: View, table: LensTable, event: KeyboardEvent): void {
  steerBy(view, event, moves(view, table));
}

function moves(view: View, table: LensTable): Moves {
  const state = lensOf(view);
  const last = (layersOf(table) ?? 1) - 1;
  const now = state.looked.peek();
  // The keyboard begins at what the model says after the query.
  const cell = now?.kind === "cell" ? now : { kind: "cell" as const, layer: last, position: table.query };
  const go = (layer: number, to: number) => () => {
    const position = Math.max(0, Math.min(table.total - 1, to));
    const { length } = table.columns;
    if (position < table.start) state.move(position);
    else if (position >= table.start + length) state.move(position - length + 1);
    look(view, { kind: "cell", layer, position });
  };
  return {
    ArrowLeft: go(cell.layer, cell.position - 1),
    ArrowRight: go(cell.layer, cell.position + 1),
    ArrowUp: go(Math.max(0, cell.layer - 1), cell.position),
    ArrowDown: go(Math.min(last, cell.layer + 1), cell.position),
    Home: go(cell.layer, 0),
    End: go(cell.layer, table.total - 1),
    Enter: () => pin(view, cell),
    " ": () => pin(view, cell),
    Escape: () => {
      leaveLens(view);
      clearHover(view);
    },
  };
}
