import { clearHover, type View } from "./view";

/** Keys of the whole explorer, once the place that has the focus had no use for them. */
export function ownKey(view: View, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { help } = view.local;
  if (event.key === "Escape") {
    if (help.peek()) help.value = false;
    else clearHover(view);
  } else if (event.key === "?" && !isWriting(event.target)) {
    help.value = !help.peek();
    event.preventDefault();
  }
}

/** Keys for those who write are letters. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("textarea, input, select, [contenteditable]");
}
