import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { wellFormed } from "../lib/format";
import { Chip, Mirror } from "./Mirror";
import { Status } from "./Status";
import { useView, type View } from "./view";

/** Characters from which on lines have no direction of their own: to tell it takes the browser half a minute at a million. */
const VAST = 50_000;

/** The text is the heatmap: one native control that is never rendered again, the colours behind it. */
export function Editor() {
  const { derived } = useView();
  const { leading } = derived.chips.value;
  return (
    <section class="aw-editor" aria-label="Text">
      <div class="aw-scroll">
        {leading.length > 0 && (
          <span class="aw-leading">
            {leading.map((token) => (
              <Chip key={token} token={token} />
            ))}
          </span>
        )}
        <div class="aw-stack">
          <Mirror />
          <Control />
        </div>
      </div>
      <Status />
    </section>
  );
}

function Control() {
  const view = useView();
  const ref = useRef<HTMLTextAreaElement>(null);
  useSignalEffect(() => {
    const text = view.session.traits.text.value;
    if (ref.current === null) return;
    mindLength(ref.current, text.length);
    followText(ref.current, text);
  });
  const fixed = view.session.about.value?.editable === false;
  useEffect(() => {
    if (ref.current === null) return;
    const end = new AbortController();
    listen(view, ref.current, end.signal);
    return () => end.abort();
  }, [view]);
  return (
    <textarea
      ref={ref}
      rows={1}
      cols={1}
      dir="auto"
      spellcheck={false}
      autocomplete="off"
      aria-label={fixed ? "Text" : "Text to explore"}
      aria-readonly={fixed}
    />
  );
}

/** Sets the control only when the text came from elsewhere; the caret stays as near as it can. */
function followText(area: HTMLTextAreaElement, text: string): void {
  if (wellFormed(area.value) === plainNewlines(text)) return;
  const { selectionStart, selectionEnd } = area;
  area.value = text;
  area.setSelectionRange(
    Math.min(selectionStart, area.value.length),
    Math.min(selectionEnd, area.value.length),
  );
  area.dataset.quiet = caretKey(area);
}

function mindLength(area: HTMLTextAreaElement, length: number): void {
  area.parentElement?.toggleAttribute("data-vast", length > VAST);
}

function listen(view: View, area: HTMLTextAreaElement, signal: AbortSignal): void {
  const { session, local } = view;
  // Not `readonly`, which would take the caret away: it says what is looked at.
  const fixed = () => session.about.peek()?.editable === false;
  const refused = (event: Event) => {
    if (fixed()) event.preventDefault();
  };
  const edited = (event: Event) => {
    delete area.dataset.quiet;
    // Input methods do not ask before.
    if (fixed()) return followText(area, session.traits.text.peek());
    mindLength(area, area.value.length);
    local.hoverToken.value = null;
    session.edit(area.value, [area.selectionStart, area.selectionEnd], event.timeStamp || performance.now());
  };
  const moved = () => {
    if (!isFocused(area) || area.dataset.quiet === caretKey(area)) return;
    delete area.dataset.quiet;
    const text = session.traits.text.peek();
    if (wellFormed(area.value) !== plainNewlines(text)) return;
    session.moveCaret([placeIn(text, area.selectionStart), placeIn(text, area.selectionEnd)]);
  };
  const pointed = (event: PointerEvent) => {
    const token = event.buttons === 0 ? tokenAt(area, event.clientX, event.clientY) : null;
    if (local.hoverToken.peek() !== token) local.hoverToken.value = token;
  };
  area.addEventListener("beforeinput", refused, { signal });
  area.addEventListener("input", edited, { signal });
  for (const name of ["keyup", "click", "select"]) area.addEventListener(name, moved, { signal });
  area.ownerDocument.addEventListener("selectionchange", moved, { signal });
  area.addEventListener("pointermove", pointed, { signal });
  for (const name of ["pointerleave", "pointerdown"]) {
    area.addEventListener(
      name,
      () => {
        local.hoverToken.value = null;
      },
      { signal },
    );
  }
}

function caretKey(area: HTMLTextAreaElement): string {
  return `${area.selectionStart} ${area.selectionEnd}`;
}

function isFocused(area: HTMLTextAreaElement): boolean {
  return (area.getRootNode() as Document | ShadowRoot).activeElement === area;
}

/** Text controls know one newline only. */
function plainNewlines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** A place in the control -> the place in a text that may hold \r\n. */
function placeIn(text: string, place: number): number {
  if (!text.includes("\r\n")) return place;
  let index = 0;
  for (let passed = 0; passed < place; passed++) index += text.startsWith("\r\n", index) ? 2 : 1;
  return index;
}

/** The token under the pointer: the marks lie behind the control, which keeps the events. */
function tokenAt(area: HTMLTextAreaElement, x: number, y: number): number | null {
  const root = area.getRootNode() as Document | ShadowRoot;
  const behind = root.elementsFromPoint(x, y);
  const mark = behind.find(
    (element) => element instanceof HTMLElement && element.classList.contains("aw-mark"),
  );
  const token = mark instanceof HTMLElement ? mark.dataset.token : undefined;
  return token === undefined ? null : Number(token);
}
