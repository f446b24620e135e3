import { useEffect, useId, useRef, useState } from "preact/hooks";

/** A panel that unfolds under its button. It folds with Esc, a click elsewhere, and the focus that goes elsewhere. */
export function useUnfolding(folded?: () => void) {
  const root = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const id = useId();
  const close = (refocus: boolean) => {
    setOpen(false);
    folded?.();
    if (refocus) button.current?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const life = new AbortController();
    const outside = (event: Event) => {
      if (root.current !== null && !event.composedPath().includes(root.current)) close(false);
    };
    // Before anybody else: what is clicked on may stop the event.
    document.addEventListener("pointerdown", outside, { capture: true, signal: life.signal });
    return () => life.abort();
  }, [open]);
  const left = (event: FocusEvent) => {
    const next = event.relatedTarget;
    if (next instanceof Node && root.current?.contains(next) === false) close(false);
  };
  const steer = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    close(true);
  };
  return {
    open,
    close,
    unfold: () => setOpen(true),
    root: { ref: root, onKeyDown: steer, onFocusOut: left },
    button: { ref: button, "aria-expanded": open, "aria-controls": id },
    id,
  };
}
