import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useView } from "../display/view";
import { ExportNumbers } from "./ExportNumbers";
import { ExportPage } from "./ExportPage";
import { ExportPictures } from "./ExportPictures";
import { type Handed, Outcome } from "./Outcome";

/** A button in the header; what can be taken out of the explorer unfolds under it. */
export function Export() {
  const { session } = useView();
  const root = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const [handed, setHanded] = useState<Handed | null>(null);
  const id = useId();
  const close = (refocus: boolean) => {
    setOpen(false);
    setHanded(null);
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
  if (session.shown.value === null) return null;
  const left = (event: FocusEvent) => {
    const next = event.relatedTarget;
    if (next instanceof Node && root.current?.contains(next) === false) close(false);
  };
  const steer = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    close(true);
  };
  return (
    <span ref={root} class="aw-export" role="group" aria-label="Export" onKeyDown={steer} onFocusOut={left}>
      <button
        ref={button}
        type="button"
        class="aw-export-button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => (open ? close(false) : setOpen(true))}
      >
        Export
      </button>
      {open && (
        <div id={id} class="aw-export-panel">
          <ExportPictures tell={setHanded} />
          <ExportNumbers tell={setHanded} />
          <ExportPage tell={setHanded} />
          <Outcome handed={handed} />
        </div>
      )}
    </span>
  );
}
