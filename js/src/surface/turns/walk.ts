/** From the first or last line of a turn to the turn before or after it, as within one text. */
export function walk(event: KeyboardEvent): void {
  const { key, target, currentTarget } = event;
  const by = steps[key];
  if (by === undefined || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(target instanceof HTMLElement) || !(currentTarget instanceof HTMLElement) || event.isComposing)
    return;
  if (target instanceof HTMLTextAreaElement ? !isAtEdge(target, key) : !target.matches(".aw-folded")) return;
  const stops = [...currentTarget.querySelectorAll<HTMLElement>("textarea, .aw-folded")];
  const next = stops[stops.indexOf(target) + by];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
  if (!(next instanceof HTMLTextAreaElement)) return;
  const place = by > 0 ? 0 : next.value.length;
  next.setSelectionRange(place, place);
}

const steps: Readonly<Record<string, 1 | -1>> = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

/** Whether the caret can go no further that way. */
function isAtEdge(area: HTMLTextAreaElement, key: string): boolean {
  const { selectionStart: place, selectionEnd, value } = area;
  if (place !== selectionEnd) return false;
  if (key === "ArrowLeft") return place === 0;
  if (key === "ArrowRight") return place === value.length;
  const edge = key === "ArrowUp" ? 0 : value.length;
  const between = key === "ArrowUp" ? value.slice(0, place) : value.slice(place);
  return !between.includes("\n") && Math.abs(heightOf(area, place) - heightOf(area, edge)) < 1;
}

/** How high on the page a place in a control is, as its mirror has it. */
function heightOf(area: HTMLTextAreaElement, place: number): number {
  const text = area.parentElement?.querySelector(".aw-words")?.firstChild;
  if (!(text instanceof Text)) return 0;
  const range = text.ownerDocument.createRange();
  // A letter's own place: between two lines a caret has two.
  const at = Math.max(0, Math.min(place, text.length) - 1);
  range.setStart(text, at);
  range.setEnd(text, Math.min(text.length, at + 1));
  const boxes = range.getClientRects();
  return boxes[boxes.length - 1]?.top ?? 0;
}
