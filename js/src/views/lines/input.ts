import { pointIn, steerBy } from "../../display/steering";
import { clearHover, pinFocus, type View } from "../../display/view";
import { type LinesFrame, linesHit } from "./scene";

function under(frame: LinesFrame, event: MouseEvent) {
  const { x, y } = pointIn(event);
  return linesHit(frame, x, y);
}

export function pointLines({ local }: View, frame: LinesFrame, event: PointerEvent): void {
  const hit = under(frame, event);
  local.cell.value = null;
  local.marked.value = null;
  local.hoverSide.value = hit?.side ?? null;
  local.hoverToken.value = hit?.token ?? null;
}

export function pressLines({ session }: View, frame: LinesFrame, event: MouseEvent): void {
  const hit = under(frame, event);
  if (hit !== null) session.pinQuery([hit.token, hit.token + 1], hit.side);
}

/** `partners` are the other ends of the lines of what is looked at, strongest first. */
export function steerLines(view: View, partners: readonly number[], event: KeyboardEvent): void {
  const { local, derived } = view;
  const count = derived.asked.peek()?.pieces.length ?? 0;
  if (count === 0) return;
  const [start, stop] = derived.focus.peek();
  const look = (token: number) => () => {
    local.cell.value = null;
    local.marked.value = null;
    local.hoverToken.value = Math.max(0, Math.min(count - 1, token));
  };
  steerBy(view, event, {
    ArrowUp: look(start - 1),
    ArrowDown: look(stop),
    Home: look(0),
    End: look(count - 1),
    ArrowRight: () => point(view, partners, 1),
    ArrowLeft: () => point(view, partners, -1),
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
