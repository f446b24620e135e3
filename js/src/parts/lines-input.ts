import { type LinesFrame, linesHit } from "../layout/lines";
import { clearHover, commonKey, type View } from "./view";

function under(frame: LinesFrame, event: MouseEvent) {
  const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return linesHit(frame, event.clientX - left, event.clientY - top);
}

export function pointLines({ local }: View, frame: LinesFrame, event: PointerEvent): void {
  local.cell.value = null;
  local.marked.value = null;
  local.hoverToken.value = under(frame, event)?.token ?? null;
}

export function pressLines({ session }: View, frame: LinesFrame, event: MouseEvent): void {
  const hit = under(frame, event);
  if (hit !== null) session.pinQuery([hit.token, hit.token + 1]);
}

/** `partners` are the other ends of the lines of what is looked at, strongest first. */
export function steerLines(view: View, partners: readonly number[], event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const { local, derived, session } = view;
  const count = derived.map.peek()?.count ?? 0;
  if (count === 0) return;
  const [start, stop] = derived.focus.peek();
  const look = (token: number) => () => {
    local.cell.value = null;
    local.marked.value = null;
    local.hoverToken.value = Math.max(0, Math.min(count - 1, token));
  };
  const moves: Readonly<Record<string, () => void>> = {
    ArrowUp: look(start - 1),
    ArrowDown: look(stop),
    Home: look(0),
    End: look(count - 1),
    ArrowRight: () => point(view, partners, 1),
    ArrowLeft: () => point(view, partners, -1),
    Enter: () => session.pinQuery(derived.focus.peek()),
    " ": () => session.pinQuery(derived.focus.peek()),
    Escape: () => clearHover(view),
  };
  const move = moves[event.key];
  if (move === undefined ? commonKey(view, event) : true) event.preventDefault();
  move?.();
}

/** From line to line of what is looked at, the strongest first. */
function point({ local, derived, session }: View, partners: readonly number[], step: 1 | -1): void {
  if (partners.length === 0) return;
  const place = partners.indexOf(local.marked.peek() ?? -1);
  const next = place === -1 && step === -1 ? partners.length - 1 : place + step;
  const other = partners[(next + partners.length) % partners.length] as number;
  const focus = derived.focus.peek()[0];
  const reads = session.traits.direction.peek() === "reads";
  local.marked.value = other;
  local.cell.value = reads ? { query: focus, key: other } : { query: other, key: focus };
}
