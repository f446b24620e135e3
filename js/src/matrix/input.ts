import { batch, type Signal } from "@preact/signals";
import type { Guard } from "../display/guard";
import { pointIn, steerBy } from "../display/steering";
import { clearHover, pinFocus, type View } from "../display/view";
import type { Cell } from "../focus/pointer";
import type { Side } from "../session/places";
import type { Viewport } from "../wire/types";
import type { Looked } from "./beyond";
import { type Glide, glider } from "./glide";
import { type MatrixHit, type MatrixScene, matrixHit } from "./scene";
import {
  leastSpan,
  type Place,
  panBy,
  pinch,
  reveal,
  spansOf,
  wholeMap,
  zoomAbout,
  zoomTo,
} from "./viewport";

/** Movement below this is a click with an unsteady hand. */
const steady = 4;
const keyStep = 1.5;
/** The most that one turn of a wheel does: a mouse sends a hundred pixels at a time, a pinch on a pad two or three. */
const wheelStep = 0.25;
const wheelSpeed = 0.01;
const lineHeight = 16;
/** Milliseconds in which a turn that met the border of the map still belongs to the map. */
const latch = 300;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A map that is steered. */
export interface Steered {
  /** Null while it is not: its places are none of the text above. */
  readonly scene: MatrixScene | null;
  /** What of it is in sight: the same signal for as long as the map is on the page. */
  readonly viewport: Signal<Viewport>;
  /** What is looked at, by its row and its column. */
  readonly cell: Signal<Cell | null>;
  /** What stands in the text for a row or a column. */
  readonly tokenOf: (side: Side, place: number) => number;
  /** Where the keyboard begins. */
  readonly start: () => Cell;
  /** The pinned query, by its row or its column: it comes into sight when it is another one. */
  readonly pinned?: Looked | null;
}

interface Desk {
  readonly element: HTMLElement;
  readonly view: View;
  /** The map as it is now. */
  readonly map: () => Steered;
  readonly glide: Glide;
}

/** Pointer, wheel, fingers and keys over the matrix, until the signal ends. Gives what moves it. */
export function steerMatrix(
  element: HTMLElement,
  view: View,
  map: () => Steered,
  abort: AbortSignal,
  guard: Guard,
): Glide {
  const desk: Desk = { element, view, map, glide: glider(map().viewport, abort, guard) };
  const options = { signal: abort, passive: false };
  const hands = handsOn(desk);
  let panned = 0;
  element.addEventListener("pointerdown", hands.down, options);
  element.addEventListener("pointermove", hands.move, options);
  for (const end of ["pointerup", "pointercancel"] as const) element.addEventListener(end, hands.up, options);
  element.addEventListener("pointerleave", () => hands.idle() && clearHover(view), options);
  element.addEventListener("click", (event) => hands.steady() && press(desk, event), options);
  element.addEventListener("dblclick", (event) => look(desk, event), options);
  element.addEventListener("keydown", (event) => steer(desk, event), options);
  element.addEventListener(
    "wheel",
    (event) => {
      panned = turn(desk, event, panned);
    },
    options,
  );
  // One finger scrolls the page while all of the map is there; what else fingers do is ours.
  element.addEventListener(
    "touchmove",
    (event) => {
      if (event.touches.length > 1 || map().scene?.zoomed === true) event.preventDefault();
    },
    options,
  );
  return desk.glide;
}

function placeIn(scene: MatrixScene, { x, y }: Point): Place {
  const share = (offset: number, size: number) => Math.max(0, Math.min(1, offset / size));
  return { x: share(x - scene.left, scene.across), y: share(y - scene.top, scene.down) };
}

// ------------------------------------------------------------------------------------------------------ hovering

function point(desk: Desk, scene: MatrixScene, { x, y }: Point): void {
  const hit = matrixHit(scene, x, y);
  if (hit?.kind === "cell") {
    showCell(desk, hit);
    return;
  }
  const { cell, tokenOf } = desk.map();
  const { local } = desk.view;
  const side = hit === null ? null : sideOf(hit);
  cell.value = null;
  local.marked.value = null;
  local.hoverSide.value = side;
  local.hoverToken.value = hit === null || side === null ? null : tokenOf(side, hit.token);
}

function sideOf({ kind }: Exclude<MatrixHit, { kind: "cell" }>): Side {
  return kind === "row" ? "query" : "key";
}

/** A cell shows its pair: one token is looked at, the other pointed out. Which is which, the direction says. */
function showCell({ view, map }: Desk, { query, key }: Cell): void {
  const { cell, tokenOf } = map();
  const known = cell.peek();
  if (known?.query === query && known.key === key) return;
  const [reading, read] = [tokenOf("query", query), tokenOf("key", key)];
  const reads = view.session.traits.direction.peek() === "reads";
  cell.value = { query, key };
  view.local.hoverSide.value = null;
  view.local.hoverToken.value = reads ? reading : read;
  view.local.marked.value = reads ? read : reading;
}

function press(desk: Desk, event: MouseEvent): void {
  const { scene } = desk.map();
  const { x, y } = pointIn(event, desk.element);
  const hit = scene === null ? null : matrixHit(scene, x, y);
  if (hit !== null) pin(desk, hit);
}

/** Of a cell, the token that is looked at. */
function pin({ view: { session }, map }: Desk, hit: MatrixHit): void {
  const { tokenOf } = map();
  if (hit.kind !== "cell") {
    const token = tokenOf(sideOf(hit), hit.token);
    session.pinQuery([token, token + 1], sideOf(hit));
    return;
  }
  const reads = session.traits.direction.peek() === "reads";
  const token = reads ? tokenOf("query", hit.query) : tokenOf("key", hit.key);
  session.pinQuery([token, token + 1]);
}

// ------------------------------------------------------------------------------------------------------ pointers

/** Mouse, pen and fingers that are down: one moves the map, two pinch it. */
function handsOn(desk: Desk) {
  const { element, view, glide } = desk;
  const held = new Map<number, Point>();
  let from: Point = { x: 0, y: 0 };
  let moved = false;

  const grasp = () => {
    moved = true;
    element.dataset.dragging = "true";
    clearHover(view);
    for (const hand of held.keys()) element.setPointerCapture(hand);
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    if (held.size === 0) moved = false;
    from = pointIn(event, desk.element);
    held.set(event.pointerId, from);
    if (held.size === 2) grasp();
  };

  const move = (event: PointerEvent) => {
    const { scene, viewport } = desk.map();
    const last = held.get(event.pointerId);
    if (scene === null) return;
    const now = pointIn(event, desk.element);
    if (last === undefined) return batch(() => point(desk, scene, now));
    const before = [...held.values()];
    if (held.size === 1 && !moved) {
      if (!scene.zoomed || Math.hypot(now.x - from.x, now.y - from.y) < steady)
        return batch(() => point(desk, scene, now));
      grasp();
    }
    held.set(event.pointerId, now);
    const current = viewport.peek();
    if (held.size === 1) {
      const by = { x: (now.x - last.x) / scene.across, y: (now.y - last.y) / scene.down };
      glide.jump(panBy(current, by, scene));
    } else glide.jump(pinched(current, scene, before, [...held.values()]));
  };

  const up = (event: PointerEvent) => {
    held.delete(event.pointerId);
    if (held.size === 0) delete element.dataset.dragging;
  };

  return { down, move, up, idle: () => held.size === 0, steady: () => !moved };
}

function pinched(current: Viewport, scene: MatrixScene, before: Point[], after: Point[]): Viewport {
  const [one, two] = [before, after].map(([a, b]) => {
    const [left, right] = [a as Point, b as Point];
    const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
    return { middle: placeIn(scene, middle), apart: Math.hypot(left.x - right.x, left.y - right.y) };
  }) as [{ middle: Place; apart: number }, { middle: Place; apart: number }];
  const factor = one.apart > 0 && two.apart > 0 ? two.apart / one.apart : 1;
  return pinch(current, factor, one.middle, two.middle, scene);
}

// --------------------------------------------------------------------------------------------------------- wheel

/** With Ctrl or Cmd, which is also how pads send a pinch, the wheel zooms; else it moves a map that is zoomed, or the page. */
function turn(desk: Desk, event: WheelEvent, panned: number): number {
  const { scene, viewport } = desk.map();
  if (scene === null) return panned;
  const current = viewport.peek();
  const unit = [1, lineHeight, scene.down][event.deltaMode] ?? 1;
  const spot = pointIn(event, desk.element);
  if (event.ctrlKey || event.metaKey) {
    if (leastSpan(scene) >= scene.keys) return panned;
    event.preventDefault();
    const step = Math.max(-wheelStep, Math.min(wheelStep, event.deltaY * unit * wheelSpeed));
    show(desk, scene, zoomAbout(current, Math.exp(-step), placeIn(scene, spot), scene), spot);
    return panned;
  }
  if (!scene.zoomed) return panned;
  const sideways = event.shiftKey && event.deltaX === 0;
  const [x, y] = sideways ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
  const next = panBy(current, { x: (-x * unit) / scene.across, y: (-y * unit) / scene.down }, scene);
  const stuck = next.query === scene.view.query && next.key === scene.view.key;
  if (!stuck || event.timeStamp - panned < latch) event.preventDefault();
  if (stuck) return panned;
  show(desk, scene, next, spot);
  return event.timeStamp;
}

/** Another part of the map, and what of it is now under the pointer. */
function show(desk: Desk, scene: MatrixScene, view: Viewport, spot: Point): void {
  desk.glide.jump(view);
  const seen = spansOf(view, scene);
  const pitches = { columnPitch: scene.across / seen.keys, rowPitch: scene.down / seen.queries };
  batch(() => point(desk, { ...scene, view, ...pitches }, spot));
}

function look(desk: Desk, event: MouseEvent): void {
  const { scene } = desk.map();
  if (scene === null) return;
  const { x, y } = pointIn(event, desk.element);
  const hit = matrixHit(scene, x, y);
  event.preventDefault();
  if (scene.zoomed) desk.glide.to(wholeMap, scene);
  else if (hit?.kind === "cell") desk.glide.to(zoomTo(hit, scene), scene);
}

// ---------------------------------------------------------------------------------------------------------- keys

function steer(desk: Desk, event: KeyboardEvent): void {
  const { view } = desk;
  const { scene, viewport, cell, start } = desk.map();
  if (scene === null) return;
  const { query, key } = cell.peek() ?? start();
  const to = (next: Cell) => () => {
    showCell(desk, next);
    if (scene.zoomed) desk.glide.jump(reveal(viewport.peek(), next, scene));
  };
  const zoom = (factor: number) => () =>
    desk.glide.to(zoomAbout(scene.view, factor, middleOf(scene), scene), scene);
  steerBy(view, event, {
    ArrowUp: to({ query: Math.max(0, query - 1), key }),
    ArrowDown: to({ query: Math.min(scene.queries - 1, query + 1), key }),
    ArrowLeft: to({ query, key: Math.max(0, key - 1) }),
    ArrowRight: to({ query, key: Math.min(scene.keys - 1, key + 1) }),
    Home: to({ query, key: 0 }),
    End: to({ query, key: scene.keys - 1 }),
    Enter: () => pinFocus(view),
    " ": () => pinFocus(view),
    Escape: () => back(desk, scene),
    "+": zoom(keyStep),
    "=": zoom(keyStep),
    "-": zoom(1 / keyStep),
    "0": () => desk.glide.to(wholeMap, scene),
  });
}

/** From the cell to what is pinned; from there to the whole map. */
function back({ view, map, glide }: Desk, scene: MatrixScene): void {
  const looked = map().cell.peek() ?? view.local.hoverToken.peek();
  clearHover(view);
  if (looked === null && scene.zoomed) glide.to(wholeMap, scene);
}

/** What keys zoom about: the cell that is looked at, where it is in sight. */
function middleOf({ cross, left, top, across, down }: MatrixScene): Place {
  if (cross === null) return { x: 0.5, y: 0.5 };
  const x = (cross.x + cross.width / 2 - left) / across;
  const y = (cross.y + cross.height / 2 - top) / down;
  const seen = x >= 0 && x <= 1 && y >= 0 && y <= 1;
  return seen ? { x, y } : { x: 0.5, y: 0.5 };
}
