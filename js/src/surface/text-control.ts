import type { View } from "../display/view";
import { wellFormed } from "../lib/format";
import { placeIn, placeOut, plainNewlines } from "../lib/newlines";
import type { FieldNumber } from "../session/axes";
import type { Travel, Way } from "../session/text/history";
import { changeOf, moved } from "../session/text/rebase";
import { watch } from "../session/watch";
import type { Span } from "../wire/types";
import { look } from "./looks";

/** Characters from which on lines have no direction of their own: to tell it takes the browser half a minute at a million. */
const VAST = 50_000;

/**
 * Joins a native control with a text of the session. Caret, selection and input methods stay the browser's own: while
 * something is composed nothing is put into the control, and nobody is told of what is half written.
 * `tokenAt` knows the token at a place on the page.
 */
export function liven(
  view: View,
  area: HTMLTextAreaElement,
  number: FieldNumber,
  tokenAt: (x: number, y: number) => number | null,
  signal: AbortSignal,
): void {
  const { session, local } = view;
  const source = number === 0 ? session.traits.text : session.traits.pair;
  /** The text under what is being composed; null while nothing is. */
  let composed: string | null = null;
  let before: Span | undefined;
  // Not `readonly`, which would take the caret away: it says what is looked at.
  const fixed = () => session.about.peek()?.editable === false;
  const selected = (text: string): Span => [
    placeIn(text, area.selectionStart),
    placeIn(text, area.selectionEnd),
  ];
  /** The colours behind lie under what stands in the control, whoever knows of it. */
  const settle = () => {
    area.parentElement?.toggleAttribute("data-vast", area.value.length > VAST);
    local.drafts[number].value = holds(area, source.peek()) ? null : area.value;
  };
  const follow = () => {
    if (composed === null) putText(area, source.peek());
    settle();
  };
  const edited = (way: Way, time: number) => {
    delete area.dataset.quiet;
    // Input methods do not ask before.
    if (fixed()) return follow();
    const text = textIn(area, source.peek());
    local.hoverToken.value = null;
    session.edit(text, selected(text), time || performance.now(), number, way, before);
    before = undefined;
    settle();
  };
  const asked = (event: InputEvent) => {
    if (fixed()) return event.preventDefault();
    if (composed === null) before = selected(source.peek());
    const way = ways[event.inputType];
    if (way !== "undo" && way !== "redo") return;
    event.preventDefault();
    travel(view, area, way);
  };
  const typed = (event: Event) => {
    if (composed !== null) return settle();
    const way = ways[(event as InputEvent).inputType] ?? "at once";
    if (way !== "undo" && way !== "redo") return edited(way, event.timeStamp);
    // A browser that did not ask: its own undo knows nothing of what a program has set.
    follow();
    travel(view, area, way);
  };
  const begun = () => {
    composed = source.peek();
    before = selected(composed);
  };
  const ended = (event: Event) => {
    if (composed === null) return;
    const base = composed;
    composed = null;
    if (source.peek() === base) return edited("typing", event.timeStamp);
    // Another text came meanwhile. It is the newer one, and what was written stays within reach of undo.
    const text = textIn(area, base);
    if (!fixed() && text !== base) session.outrun(text, number);
    follow();
  };
  const turned = () => {
    if (composed !== null || !isFocused(area) || area.dataset.quiet === caretKey(area)) return;
    delete area.dataset.quiet;
    const text = source.peek();
    if (holds(area, text)) session.moveCaret(selected(text), number);
  };
  const pointed = (event: PointerEvent) => {
    const token = event.buttons === 0 ? tokenAt(event.clientX, event.clientY) : null;
    look(view, number, token);
  };
  area.addEventListener("beforeinput", asked, { signal });
  area.addEventListener("input", typed, { signal });
  area.addEventListener("compositionstart", begun, { signal });
  for (const name of ["compositionend", "blur"]) area.addEventListener(name, ended, { signal });
  for (const name of ["keyup", "click", "select"]) area.addEventListener(name, turned, { signal });
  area.ownerDocument.addEventListener("selectionchange", turned, { signal });
  area.addEventListener("pointermove", pointed, { signal });
  for (const name of ["pointerleave", "pointerdown"]) {
    area.addEventListener(name, () => look(view, number, null), { signal });
  }
  watch(session, signal, () => {
    source.value;
    follow();
  });
}

/** What the browser calls what was done. */
const ways: Readonly<Record<string, Way | Travel>> = {
  insertText: "typing",
  insertCompositionText: "typing",
  insertLineBreak: "typing",
  deleteContentBackward: "erasing",
  deleteContentForward: "erasing",
  historyUndo: "undo",
  historyRedo: "redo",
};

/**
 * Takes back what was last done, or does it again; `inside` is anything of the view. Who writes goes through the texts, to
 * where that was; who does not goes through everything, and stays where they are.
 */
export function travel({ session }: View, inside: Element, way: Travel, of: "text" | "all" = "text"): void {
  const place = session.travel(way, of);
  if (place === null) return;
  const field = inside.closest(".attnwidget")?.querySelector(`.aw-field[data-field="${place.field}"]`);
  const area = field?.querySelector("textarea");
  if (area == null) return;
  // The session may know the text already: one that was too long to be sent stood only here.
  putText(area, place.text);
  if (of === "text") area.focus();
  area.setSelectionRange(placeOut(place.text, place.span[0]), placeOut(place.text, place.span[1]));
  area.dataset.quiet = caretKey(area);
}

/** Sets the control only when the text came from elsewhere; the caret stays as near as it can. */
function putText(area: HTMLTextAreaElement, text: string): void {
  if (holds(area, text)) return;
  const { selectionStart, selectionEnd } = area;
  const change = changeOf(area.value, plainNewlines(text));
  area.value = text;
  area.setSelectionRange(moved(change, selectionStart), moved(change, selectionEnd));
  area.dataset.quiet = caretKey(area);
}

function holds(area: HTMLTextAreaElement, text: string): boolean {
  return wellFormed(area.value) === plainNewlines(text);
}

/** What a text has become in the control, with the newlines that it had. */
function textIn(area: HTMLTextAreaElement, text: string): string {
  if (!text.includes("\r")) return area.value;
  const { at, removed, inserted } = changeOf(plainNewlines(text), area.value);
  return text.slice(0, placeIn(text, at)) + inserted + text.slice(placeIn(text, at + removed.length));
}

function caretKey(area: HTMLTextAreaElement): string {
  return `${area.selectionStart} ${area.selectionEnd}`;
}

function isFocused(area: HTMLTextAreaElement): boolean {
  return (area.getRootNode() as Document | ShadowRoot).activeElement === area;
}
