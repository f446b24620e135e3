import type { View } from "../display/view";
import { pointedAt, queryAt } from "../focus/pointed";
import type { Subject } from "../focus/pointer";
import { isChangeable } from "./changeable";

/** Milliseconds until a finger that rests opens the menu, and how far it may move meanwhile. */
const long = 500;
const steady = 8;

/**
 * Opens the menu of what is pointed at: right click, a long press, the key for menus, wherever something can be changed. The
 * browser's own menu comes where nothing can be, where text is selected, and with Shift.
 */
export function hearMenus(view: View, frame: HTMLElement, signal: AbortSignal): void {
  const { session } = view;
  let pressed: Subject | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = { x: 0, y: 0 };
  let held = false;

  const offered = (event: Event) =>
    isChangeable(session) && !(event as MouseEvent).shiftKey && !isSelected(event.target);

  const down = (event: PointerEvent) => {
    clearTimeout(timer);
    held = false;
    // Before whatever is pressed forgets what the pointer was on.
    pressed = offered(event) ? subjectAt(view, event.target) : null;
    if (event.pointerType !== "touch" || !event.isPrimary || !isPicture(event.target)) return;
    from = { x: event.clientX, y: event.clientY };
    const { target } = event;
    timer = setTimeout(() => {
      hover(target, from);
      const subject = subjectAt(view, target);
      if (subject === null || !isChangeable(session)) return;
      held = true;
      openAt(view, frame, subject, from, target);
    }, long);
  };
  const moved = (event: PointerEvent) => {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > steady) clearTimeout(timer);
  };
  const up = () => clearTimeout(timer);

  frame.addEventListener("pointerdown", down, { capture: true, signal });
  frame.addEventListener("pointermove", moved, { capture: true, signal, passive: true });
  for (const name of ["pointerup", "pointercancel"] as const)
    frame.addEventListener(name, up, { capture: true, signal });
  signal.addEventListener("abort", up, { once: true });
  // A right click would move the caret, and with it the query; a finger that is lifted, the focus out of the menu.
  frame.addEventListener(
    "mousedown",
    (event) => {
      if (held || (event.button === 2 && pressed !== null && isText(event.target))) event.preventDefault();
    },
    { capture: true, signal },
  );
  // The click after a long press pins nothing.
  frame.addEventListener(
    "click",
    (event) => {
      if (!held) return;
      held = false;
      take(event);
    },
    { capture: true, signal },
  );
  frame.addEventListener(
    "contextmenu",
    (event) => {
      if (held || (event.target instanceof Element && event.target.closest(".aw-popup") !== null))
        return take(event);
      if (!offered(event)) return;
      const place = { x: event.clientX, y: event.clientY };
      // Some browsers say so themselves when a finger rests.
      const touched = (event as PointerEvent).pointerType === "touch" && isPicture(event.target);
      if (touched) hover(event.target, place);
      const subject = touched ? subjectAt(view, event.target) : pressed;
      pressed = null;
      if (subject === null) return;
      take(event);
      openAt(view, frame, subject, place, event.target);
    },
    { signal },
  );
  const keyed = (event: KeyboardEvent) => {
    const enter = isEnter(event) && event.target instanceof Element && event.target.matches(steered);
    if (!(enter || isMenuKey(event)) || !isChangeable(session) || isSelected(event.target)) return;
    const subject = keyedAt(view, event.target);
    if (subject === null || (enter && !isPinned(view, subject))) return;
    take(event);
    openUnder(view, frame, subject, event.target);
  };
  // Before the picture pins once more what is pinned.
  frame.addEventListener("keydown", keyed, { capture: true, signal });
}

/** Neither the browser nor the page around, which may have a menu of its own (JupyterLab has), does anything with it. */
function take(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** A finger points at nothing before it is down: what it is on is found as if a mouse had come there. */
function hover(target: EventTarget | null, { x, y }: { readonly x: number; readonly y: number }): void {
  target?.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: y, bubbles: true }));
}

function isEnter({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return key === "Enter" && !(shiftKey || ctrlKey || metaKey || altKey);
}

/** Whether Enter would pin nothing new. */
function isPinned({ session, local, derived }: View, subject: Subject): boolean {
  const { layer, head } = session.clampedHead();
  if (subject.kind === "head")
    return session.source.peek() === "head" && subject.layer === layer && subject.head === head;
  // Of these Enter pins another token than the query.
  if (subject.kind === "tokens" || local.edge.peek() !== null || local.pairCell.peek() !== null) return false;
  if (subject.at !== null) return subject.at[0] === layer;
  const [start, stop] = derived.map.peek()?.query ?? [0, 0];
  const [from, to] = derived.focus.peek();
  return from === start && to === stop;
}

/** With the keyboard, under what is looked at. */
function openUnder(view: View, frame: HTMLElement, subject: Subject, target: EventTarget | null): void {
  if (!(target instanceof HTMLElement)) return;
  const box = target.getBoundingClientRect();
  const tip = target.querySelector(".aw-tooltip")?.getBoundingClientRect();
  const place =
    tip !== undefined
      ? { x: tip.left, y: tip.bottom }
      : { x: box.left + Math.min(24, box.width / 2), y: box.top + Math.min(box.height, 32) };
  openAt(view, frame, subject, place, target);
}

function openAt(
  { local }: View,
  frame: HTMLElement,
  subject: Subject,
  place: { readonly x: number; readonly y: number },
  target: EventTarget | null,
): void {
  const { left, top, width } = frame.getBoundingClientRect();
  const scale = frame.offsetWidth > 0 ? width / frame.offsetWidth : 1;
  const own = target instanceof HTMLElement ? target.closest<HTMLElement>(focusable) : null;
  local.menu.value = {
    subject,
    x: (place.x - left) / scale,
    y: (place.y - top) / scale,
    from: own,
  };
}

const focusable = "textarea, button, [tabindex]";

function isMenuKey({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return false;
  return (key === "ContextMenu" && !shiftKey) || (key === "F10" && shiftKey);
}

/** Where the browser's own menu copies and pastes. */
function isSelected(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLTextAreaElement && target.selectionStart !== target.selectionEnd;
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement;
}

/** What takes a finger that rests: in a text it selects. */
function isPicture(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(pictures) !== null && !isText(target);
}

/** What takes the keys of a picture. */
const steered = ".aw-grid, .aw-map, .aw-view-grid";
const pictures = `${steered}, .aw-surface, .aw-ranking, .aw-picture, .aw-sound`;

function subjectAt(view: View, target: EventTarget | null): Subject | null {
  if (!isPicture(target) && !isText(target)) return null;
  const found = pointedAt(view);
  return found === null && isGrid(target) ? pinnedHead(view) : found;
}

/** The same for the keyboard: what it is on, else what is pinned. */
function keyedAt(view: View, target: EventTarget | null): Subject | null {
  if (isGrid(target)) return pinnedHead(view);
  if (isText(target)) return queryAt(view);
  if (!isPicture(target)) return null;
  return pointedAt(view) ?? queryAt(view);
}

function isGrid(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(".aw-grid") !== null;
}

function pinnedHead({ session, derived }: View): Subject {
  const { layer, head } = derived.head.peek() ?? session.clampedHead();
  return { kind: "head", layer, head };
}
