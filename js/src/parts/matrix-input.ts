import { type MatrixHit, type MatrixScene, matrixHit } from "../layout/matrix";
import type { Cell } from "../state";
import { clearHover, commonKey, type View } from "./view";

function under(scene: MatrixScene, event: MouseEvent): MatrixHit | null {
  const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return matrixHit(scene, event.clientX - left, event.clientY - top);
}

export function pointMatrix(view: View, scene: MatrixScene, event: PointerEvent): void {
  const hit = under(scene, event);
  const { local } = view;
  if (hit?.kind === "cell") {
    showCell(view, { query: hit.query, key: hit.key });
    return;
  }
  local.cell.value = null;
  local.marked.value = null;
  local.hoverToken.value = hit === null ? null : hit.token;
}

/** A cell shows its pair: one token is looked at, the other pointed out. Which is which, the direction says. */
function showCell({ local, session }: View, cell: Cell): void {
  const known = local.cell.peek();
  if (known?.query === cell.query && known.key === cell.key) return;
  const reads = session.traits.direction.peek() === "reads";
  local.cell.value = cell;
  local.hoverToken.value = reads ? cell.query : cell.key;
  local.marked.value = reads ? cell.key : cell.query;
}

export function pressMatrix({ session }: View, scene: MatrixScene, event: MouseEvent): void {
  const hit = under(scene, event);
  if (hit === null) return;
  const reads = session.traits.direction.peek() === "reads";
  const token = hit.kind === "cell" ? (reads ? hit.query : hit.key) : hit.token;
  session.pinQuery([token, token + 1]);
}

export function steerMatrix(view: View, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const map = view.derived.map.peek();
  if (map === null) return;
  const cell = view.local.cell.peek() ?? startCell(view);
  const last = map.count - 1;
  const moves: Readonly<Record<string, () => void>> = {
    ArrowUp: () => showCell(view, { ...cell, query: Math.max(0, cell.query - 1) }),
    ArrowDown: () => showCell(view, { ...cell, query: Math.min(last, cell.query + 1) }),
    ArrowLeft: () => showCell(view, { ...cell, key: Math.max(0, cell.key - 1) }),
    ArrowRight: () => showCell(view, { ...cell, key: Math.min(last, cell.key + 1) }),
    Home: () => showCell(view, { ...cell, key: 0 }),
    End: () => showCell(view, { ...cell, key: last }),
    Enter: () => pinFocus(view),
    " ": () => pinFocus(view),
    Escape: () => clearHover(view),
  };
  const move = moves[event.key];
  if (move === undefined ? commonKey(view, event) : true) event.preventDefault();
  move?.();
}

/** Where the keyboard begins: at the query and what it reads most. */
function startCell({ derived }: View): Cell {
  const map = derived.map.peek();
  const focus = derived.focus.peek()[0];
  const ranked = map?.direction === "read_by" ? derived.readBy.peek() : derived.reads.peek();
  const other = ranked[0]?.token ?? 0;
  return map?.direction === "read_by" ? { query: other, key: focus } : { query: focus, key: other };
}

function pinFocus({ session, derived }: View): void {
  session.pinQuery(derived.focus.peek());
}
