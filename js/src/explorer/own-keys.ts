import { chooseView, clearHover, type View } from "../display/view";
import type { Travel } from "../session/text/history";
import { travel } from "../surface/text-control";
import { offeredViews } from "../views/registry";

/** Keys belong to the explorer, except those that run a cell, and shortcuts of the program around it. */
export function keepKeys(view: View, element: HTMLElement): void {
  const { abort: signal } = view;
  const page = element.ownerDocument.defaultView;
  // JupyterLab looks for it when a key comes, in some versions before the key comes here.
  const guard = () => {
    element.dataset.lmSuppressShortcuts = "true";
  };
  const first = (event: KeyboardEvent) => {
    if (!event.composedPath().includes(element)) return;
    guard();
    if (leaves(event)) delete element.dataset.lmSuppressShortcuts;
    if (runsCell(event)) stepOut(element, event.composedPath()[0]);
  };
  guard();
  page?.addEventListener("keydown", first, { capture: true, signal });
  page?.addEventListener("keydown", guard, { signal });
  const last = (event: KeyboardEvent) => {
    if (!leaves(event)) event.stopPropagation();
    if (!event.defaultPrevented) ownKey(view, element, event);
  };
  element.addEventListener("keydown", last, { signal });
}

/** What runs the cell breaks no line, and a notebook runs nothing while somebody writes: the text is left for that moment. */
function stepOut(element: HTMLElement, target: EventTarget | undefined): void {
  if (!(target instanceof HTMLElement) || !isWriting(target)) return;
  element.focus({ preventScroll: true });
  setTimeout(() => {
    const { activeElement } = element.getRootNode() as Document | ShadowRoot;
    if (activeElement === element) target.focus({ preventScroll: true });
  });
}

/** Keys of the whole explorer, once the place that has the focus had no use for them. */
function ownKey(view: View, element: HTMLElement, event: KeyboardEvent): void {
  const way = historyWay(event);
  if (way !== null && !isForm(event.target)) {
    event.preventDefault();
    travel(view, element, way, isWriting(event.target) ? "text" : "all");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { help, wanted } = view.local;
  if (event.key === "Escape") {
    view.local.term.value = null;
    view.session.continuing.stop();
    if (help.peek()) help.value = false;
    else clearHover(view);
  } else if (event.key === "?" && !isWriting(event.target)) {
    help.value = !help.peek();
    event.preventDefault();
  } else if (event.key === "/" && !isWriting(event.target)) {
    event.preventDefault();
    help.value = false;
    if (wanted.peek() === null) wanted.value = "";
    else element.querySelector<HTMLElement>(searchField)?.focus();
  } else if (/^[1-9]$/.test(event.key) && !isWriting(event.target)) {
    const entry = offeredViews(view.session)[Number(event.key) - 1];
    if (entry === undefined) return;
    event.preventDefault();
    chooseView(view, entry.name);
  }
}

const apple = () => /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** Whether a key goes on to the page around. */
function leaves(event: KeyboardEvent): boolean {
  return runsCell(event) || isShortcut(event);
}

function runsCell(event: KeyboardEvent): boolean {
  const { key, shiftKey, ctrlKey, metaKey, altKey, isComposing } = event;
  if (key !== "Enter" || isComposing) return false;
  return ctrlKey || metaKey || altKey || (shiftKey && !isSearching(event));
}

const searchField = ".aw-search-field";

/** There Shift+Enter goes back, as wherever one searches. */
function isSearching(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && target.matches(searchField);
}

/** Ctrl, on a Mac Cmd, with a sign: saving, searching, palettes. What edits a text stays with it. */
function isShortcut(event: KeyboardEvent): boolean {
  const { key, altKey, isComposing } = event;
  const held = apple() ? event.metaKey : event.ctrlKey;
  if (!held || altKey || isComposing || key.length !== 1) return false;
  const letter = letterOf(event);
  return !("zy".includes(letter) || (!event.shiftKey && "acvx".includes(letter)) || letter === "v");
}

/** Whether a key takes back what was done, or does it again, as on every system. */
function historyWay(event: KeyboardEvent): Travel | null {
  const held = apple() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  if (!held || event.altKey || event.isComposing) return null;
  const letter = letterOf(event);
  if (letter === "z") return event.shiftKey ? "redo" : "undo";
  return letter === "y" && !event.shiftKey && !apple() ? "redo" : null;
}

/** The letter of a key; of a keyboard with another script the one in its place. */
function letterOf({ key, code }: KeyboardEvent): string {
  return (/^[ -~]$/.test(key) ? key : code.replace(/^Key/, "")).toLowerCase();
}

/** Keys for those who write are letters. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("textarea, input, select, [contenteditable]");
}

/** A control with a history of its own. */
function isForm(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input");
}
