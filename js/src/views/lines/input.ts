import { pointIn, steerBy } from "../../display/steering";
import { clearHover, pinFocus, type View } from "../../display/view";
import type { Columns } from "./columns";
import type { RimMark } from "./rim-scene";
import { type LinesFrame, type LinesHit, linesHit, nextPage, revealLine, scrollTo, sideAt } from "./scene";

/** The place of a pointer on the picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** In milliseconds: what the pointer was over for less was not looked at. */
const glance = 250;

export function pointLines({ local }: View, frame: LinesFrame, columns: Columns, { x, y }: Point): void {
  const hit = linesHit(frame, x, y);
  const token = hit !== null && "token" in hit ? hit.token : null;
  const came = columns.over;
  columns.over = sideAt(frame, x) ?? "between";
  if (token !== local.hoverToken.peek() && token !== null) {
    columns.since = performance.now();
    // The picture answers the pointer first.
    columns.stop();
  }
  // Between the sides, and over what is out of sight, what was pointed at is still looked at: its lines lead there.
  // Unless it was only passed by.
  const passed = came !== columns.over && performance.now() - columns.since < glance;
  if (token === null && frame.long && !passed) return;
  // What was put in its place by hand follows again once the other side is looked at.
  if (hit !== null && token !== local.hoverToken.peek())
    columns.release(hit.side === "query" ? "key" : "query");
  local.cell.value = null;
  local.marked.value = null;
  local.hoverSide.value = hit?.side ?? null;
  local.hoverToken.value = token;
}

export function pressLines(
  { session }: View,
  frame: LinesFrame,
  columns: Columns,
  marks: readonly RimMark[],
  event: MouseEvent,
): void {
  const { x, y } = pointIn(event);
  const hit = linesHit(frame, x, y);
  if (hit === null) return;
  if ("token" in hit) session.pinQuery([hit.token, hit.token + 1], hit.side);
  else columns.send(hit.side, placeOf(frame, hit, marks));
}

/** Where a click beside the tokens goes. */
function placeOf(
  frame: LinesFrame,
  hit: Exclude<LinesHit, { readonly token: number }>,
  marks: readonly RimMark[],
): number {
  if ("share" in hit) return scrollTo(frame, hit.side, hit.share);
  const { side, edge } = hit;
  const target = marks.find((mark) => mark.side === side && mark.edge === edge)?.target ?? null;
  return (target === null ? null : revealLine(frame, side, target)) ?? nextPage(frame, side, edge);
}

/** `partners` are the other ends of the lines of what is looked at, strongest first. */
export function steerLines(
  view: View,
  columns: Columns,
  partners: readonly number[],
  event: KeyboardEvent,
): void {
  const { local, derived } = view;
  const count = derived.asked.peek()?.pieces.length ?? 0;
  if (count === 0) return;
  const [start, stop] = derived.focus.peek();
  const moving = (move: () => void) => () => {
    // By keys both sides go along, wherever the pointer rests.
    columns.over = null;
    columns.release();
    move();
  };
  const look = (token: number) =>
    moving(() => {
      local.cell.value = null;
      local.marked.value = null;
      local.hoverSide.value = null;
      local.hoverToken.value = Math.max(0, Math.min(count - 1, token));
    });
  steerBy(view, event, {
    ArrowUp: look(start - 1),
    ArrowDown: look(stop),
    Home: look(0),
    End: look(count - 1),
    ArrowRight: moving(() => point(view, partners, 1)),
    ArrowLeft: moving(() => point(view, partners, -1)),
    Enter: () => pinFocus(view),
    " ": () => pinFocus(view),
    Escape: () => clearHover(view),
  });
}

/** From line to line of what is looked at, the strongest first. */
function point({ local, derived }: View, partners: readonly number[], step: 1 | -1): void {
  if (partners.length === 0) return;
  const place = partners.indexOf(local.marked.peek() ?? -1);
  const next = place === -1 && step === -1 ? partners.length - 1 : place + step;
  const other = partners[(next + partners.length) % partners.length] as number;
  const focus = derived.focus.peek()[0];
  const reads = derived.direction.peek() === "reads";
  local.marked.value = other;
  local.cell.value = reads ? { query: focus, key: other } : { query: other, key: focus };
}
