import { type Moves, pointIn, steerBy } from "../../display/steering";
import { clearHover, type View } from "../../display/view";
import type { StripCell } from "../../focus/pointer";
import { pinLayer, type StripOnShow } from "../../focus/strips";
import { nextLayer } from "../../session/nearest-head";
import { sideOf } from "../../session/places";
import { type LayersHit, type LayersScene, layersHit } from "./scene";

function under(scene: LayersScene, event: MouseEvent): LayersHit | null {
  const { x, y } = pointIn(event);
  return layersHit(scene, x, y);
}

export function pointLayers(view: View, scene: LayersScene, event: PointerEvent): void {
  const hit = under(scene, event);
  const { local } = view;
  if (hit?.kind === "cell") {
    showCell(view, hit);
    return;
  }
  local.stripCell.value = null;
  local.hoverHead.value = null;
  const token = hit?.kind === "token" ? hit.token : null;
  // The tokens of a strip between two texts are not those that can be looked from: they are only pointed out.
  const apart = view.derived.map.peek()?.square === false;
  local.marked.value = apart ? token : null;
  local.hoverToken.value = apart ? null : token;
}

/** Looks from a token of the strip: of two texts, back from the other one. */
function pinToken({ session, derived }: View, token: number): void {
  const other = derived.direction.peek() === "reads" ? "read_by" : "reads";
  session.pinQuery([token, token + 1], sideOf(other));
}

/** A cell points out its token in the text and, where the strip is of single heads, its head in the grid. */
export function showCell({ local, session }: View, { layer, token }: StripCell): void {
  const known = local.stripCell.peek();
  if (known?.layer === layer && known.token === token) return;
  local.stripCell.value = { layer, token };
  local.marked.value = token;
  local.hoverToken.value = null;
  if (session.traits.look.peek().layers !== "single") return;
  const { head } = session.clampedHead();
  const there = head < (session.heads.peek()[layer] ?? 0);
  const now = local.hoverHead.peek();
  if (!there) local.hoverHead.value = null;
  else if (now?.layer !== layer || now.head !== head) local.hoverHead.value = { layer, head };
}

export function pressLayers(view: View, scene: LayersScene, event: MouseEvent): void {
  const hit = under(scene, event);
  if (hit === null) return;
  if (hit.kind === "token") pinToken(view, hit.token);
  else pinLayer(view, hit.layer);
}

export function steerLayers(view: View, strip: StripOnShow, turned: boolean, event: KeyboardEvent): void {
  const cell = view.local.stripCell.peek() ?? startCell(view, strip);
  steerBy(view, event, moves(view, strip, turned, cell));
}

function moves(view: View, strip: StripOnShow, turned: boolean, cell: StripCell): Moves {
  const heads = view.session.heads.peek();
  const last = strip.count - 1;
  const go = (layer: number, token: number) => () => showCell(view, { layer, token });
  const above = cell.layer < 0 ? -1 : nextLayer(heads, cell.layer, -1);
  const [back, on, up, down] = turned
    ? (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"] as const)
    : (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const);
  return {
    [back]: go(cell.layer, Math.max(0, cell.token - 1)),
    [on]: go(cell.layer, Math.min(last, cell.token + 1)),
    // Beyond the first layer are the tokens themselves.
    [up]: go(above === cell.layer ? -1 : above, cell.token),
    [down]: go(nextLayer(heads, cell.layer, 1), cell.token),
    Home: go(cell.layer, 0),
    End: go(cell.layer, last),
    Enter: () => pinCell(view, cell),
    " ": () => pinCell(view, cell),
    Escape: () => clearHover(view),
  };
}

function pinCell(view: View, { layer, token }: StripCell): void {
  if (layer < 0) pinToken(view, token);
  else pinLayer(view, layer);
}

/** Where the keyboard begins: in the pinned layer, at what it weighs most. */
function startCell({ session }: View, { values, count }: StripOnShow): StripCell {
  const { layer } = session.clampedHead();
  const row = values.subarray(layer * count, (layer + 1) * count);
  return { layer, token: Math.max(0, row.indexOf(Math.max(...row))) };
}
