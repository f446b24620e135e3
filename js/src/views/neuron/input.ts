import { pointIn, steerBy } from "../../display/steering";
import { clearHover, type View } from "../../display/view";
import type { PairCell } from "../../focus/pointer";
import { toUnits, unitOf } from "../../session/units";
import { openedKey } from "./pairs";
import type { Shown } from "./picture";
import { type NeuronHit, type NeuronScene, neuronHit } from "./scene";

function under(scene: NeuronScene, event: MouseEvent): NeuronHit | null {
  const { x, y } = pointIn(event);
  return neuronHit(scene, x, y);
}

export function pointPairs(
  view: View,
  scene: NeuronScene,
  order: readonly number[],
  event: PointerEvent,
): void {
  const hit = under(scene, event);
  const key = hit?.row == null ? undefined : order[hit.row];
  if (hit === null || key === undefined) clearHover(view);
  else showPair(view, { key, dimension: hit.dimension });
}

/** A pair points out its key in the text, where that is the text that answers. */
function showPair({ local, session }: View, cell: PairCell): void {
  const known = local.pairCell.peek();
  if (known?.key === cell.key && known.dimension === cell.dimension) return;
  local.pairCell.value = cell;
  const header = session.shown.peek()?.frame.header;
  const apart = header?.key_tokens != null;
  const units = (apart ? header.key_units : header?.units) ?? null;
  const asked = apart && session.traits.direction.peek() === "read_by";
  local.marked.value = asked ? null : unitOf(units, cell.key);
}

/** Of two texts the key is looked at from its own side. */
function lookFrom({ session }: View, key: number): void {
  const header = session.shown.peek()?.frame.header;
  if (header?.key_tokens == null) session.pinTokens([key, key + 1]);
  else session.pinQuery(toUnits(header.key_units ?? null, [key, key + 1]), "key");
}

/** The name of a key looks from there; the rest of its row keeps the pair open, or lets it go. */
export function pressPairs(
  view: View,
  scene: NeuronScene,
  order: readonly number[],
  event: MouseEvent,
): void {
  const hit = under(scene, event);
  const key = hit?.row == null ? undefined : order[hit.row];
  if (hit === null || key === undefined) return;
  if (hit.named) lookFrom(view, key);
  else keepOpen(view, key);
}

function keepOpen({ local }: View, key: number): void {
  local.openKey.value = local.openKey.peek() === key ? null : key;
}

export function steerPairs(view: View, { pairs, order }: Shown, event: KeyboardEvent): void {
  const cell = view.local.pairCell.peek();
  const key = openedKey(pairs, cell?.key, view.local.openKey.peek());
  const row = order.indexOf(key);
  const last = pairs.q.length - 1;
  const dimension = cell?.dimension ?? null;
  const go = (place: number, at: number | null = dimension) => {
    const wanted = order[Math.max(0, Math.min(order.length - 1, place))];
    if (wanted !== undefined) showPair(view, { key: wanted, dimension: at });
  };
  steerBy(view, event, {
    // The first key only says where one is.
    ArrowDown: () => go(cell === null ? row : row + 1),
    ArrowUp: () => go(cell === null ? row : row - 1),
    ArrowRight: () => go(row, dimension === null ? 0 : Math.min(last, dimension + 1)),
    ArrowLeft: () => go(row, dimension === null ? last : Math.max(0, dimension - 1)),
    Home: () => go(0),
    End: () => go(order.length - 1),
    Enter: () => lookFrom(view, key),
    " ": () => keepOpen(view, key),
    Escape: () => clearHover(view),
  });
}
