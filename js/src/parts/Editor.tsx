import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { wellFormed } from "../lib/format";
import { type FieldNumber, hasSecond, type Session } from "../state";
import { Boundary } from "./Boundary";
import { Chip, look, Mirror, Plain } from "./Mirror";
import { FieldLabel, namesOf } from "./SecondText";
import { Status } from "./Status";
import { useView, type View } from "./view";

/** Characters from which on lines have no direction of their own: to tell it takes the browser half a minute at a million. */
const VAST = 50_000;

/** The text is the heatmap: native controls that are never rendered again, the colours behind them. */
export function Editor() {
  const { session } = useView();
  const two = hasSecond(session);
  return (
    <section class="aw-editor" aria-label="Text" data-fields={two ? 2 : 1}>
      <TextField number={0} />
      {two && <TextField number={1} />}
      <Boundary of="The line under the text">
        <Status />
      </Boundary>
    </section>
  );
}

/** One text: the special tokens before it, the control and its colours. The first one stays when the second comes or goes. */
function TextField({ number }: { readonly number: FieldNumber }) {
  const { session } = useView();
  return (
    <div class="aw-field" data-field={number}>
      {hasSecond(session) && <FieldLabel number={number} />}
      <div class="aw-scroll">
        <Boundary of="The special tokens" instead={null}>
          <Leading number={number} />
        </Boundary>
        <div class="aw-stack">
          {/* Whatever becomes of the colours, the control keeps the text. */}
          <Boundary of="The colours of the text" instead={<Plain number={number} />}>
            <Mirror number={number} />
          </Boundary>
          <Control number={number} />
        </div>
      </div>
    </div>
  );
}

function Leading({ number }: { readonly number: FieldNumber }) {
  const { leading } = useView().derived.fields[number].value.chips;
  if (leading.length === 0) return null;
  return (
    <span class="aw-leading">
      {leading.map((token) => (
        <Chip key={token} token={token} number={number} />
      ))}
    </span>
  );
}

function textOf({ traits }: Session, number: FieldNumber) {
  return number === 0 ? traits.text : traits.pair;
}

function Control({ number }: { readonly number: FieldNumber }) {
  const view = useView();
  const { session } = view;
  const ref = useRef<HTMLTextAreaElement>(null);
  useSignalEffect(() => {
    const text = textOf(session, number).value;
    if (ref.current === null) return;
    mindLength(ref.current, text.length);
    followText(ref.current, text);
  });
  const fixed = session.about.value?.editable === false;
  useEffect(() => {
    if (ref.current === null) return;
    const end = new AbortController();
    listen(view, ref.current, number, end.signal);
    // Opened by hand, and not by a text that came: whoever opened it wants to write.
    if (number === 1 && textOf(session, 1).peek() === "" && session.second.peek()) ref.current.focus();
    return () => end.abort();
  }, [view]);
  const names = namesOf(session);
  return (
    <textarea
      ref={ref}
      rows={1}
      cols={1}
      dir="auto"
      spellcheck={false}
      autocomplete="off"
      placeholder={number === 1 ? names.hint : undefined}
      aria-label={hasSecond(session) ? names.aria[number] : fixed ? "Text" : "Text to explore"}
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

function listen(view: View, area: HTMLTextAreaElement, number: FieldNumber, signal: AbortSignal): void {
  const { session, local } = view;
  // Not `readonly`, which would take the caret away: it says what is looked at.
  const fixed = () => session.about.peek()?.editable === false;
  const refused = (event: Event) => {
    if (fixed()) event.preventDefault();
  };
  const edited = (event: Event) => {
    delete area.dataset.quiet;
    // Input methods do not ask before.
    if (fixed()) return followText(area, textOf(session, number).peek());
    mindLength(area, area.value.length);
    local.hoverToken.value = null;
    const caret = [area.selectionStart, area.selectionEnd] as const;
    session.edit(area.value, caret, event.timeStamp || performance.now(), number);
  };
  const moved = () => {
    if (!isFocused(area) || area.dataset.quiet === caretKey(area)) return;
    delete area.dataset.quiet;
    const text = textOf(session, number).peek();
    if (wellFormed(area.value) !== plainNewlines(text)) return;
    session.moveCaret([placeIn(text, area.selectionStart), placeIn(text, area.selectionEnd)], number);
  };
  const pointed = (event: PointerEvent) => {
    const token = event.buttons === 0 ? tokenAt(area, event.clientX, event.clientY) : null;
    look(view, number, token);
  };
  area.addEventListener("beforeinput", refused, { signal });
  area.addEventListener("input", edited, { signal });
  for (const name of ["keyup", "click", "select"]) area.addEventListener(name, moved, { signal });
  area.ownerDocument.addEventListener("selectionchange", moved, { signal });
  area.addEventListener("pointermove", pointed, { signal });
  for (const name of ["pointerleave", "pointerdown"]) {
    area.addEventListener(name, () => look(view, number, null), { signal });
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
