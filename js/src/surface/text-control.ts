import type { View } from "../display/view";
import { producedIn } from "../focus/produced";
import { wellFormed } from "../lib/format";
import { placeIn, placeOut, plainNewlines } from "../lib/newlines";
import type { FieldNumber } from "../session/axes";
import type { Travel, Way } from "../session/text/history";
import { changeOf, moved } from "../session/text/rebase";
import { turnAt } from "../session/text/turns";
import { watch } from "../session/watch";
import type { Span } from "../wire/types";
import { look, pinIn } from "./looks";

/** Characters from which on lines have no direction of their own: to tell it takes the browser half a minute at a million. */
const VAST = 50_000;

/** What a control writes: a text of the session, or what is said in one of its turns. */
export interface Slot {
  readonly number: FieldNumber;
  readonly turn?: number;
  /** How many turns there are. With another number of them, the control is about to be for another one. */
  readonly of?: number;
}

/** A stretch of a text, and what stands around it. */
interface Stretch {
  readonly before: string;
  readonly text: string;
  readonly after: string;
}

/**
 * Joins a native control with a text of the session, or with a stretch of it. Caret, selection and input methods stay the
 * browser's own: while something is composed nothing is put into the control, and nobody is told of what is half written.
 * `tokenAt` knows the token at a place on the page.
 */
export function liven(
  view: View,
  area: HTMLTextAreaElement,
  { number, turn, of }: Slot,
  tokenAt: (x: number, y: number) => number | null,
  signal: AbortSignal,
): void {
  const { session, local } = view;
  const source = number === 0 ? session.traits.text : session.traits.pair;
  /** What is written under what is being composed; null while nothing is. */
  let composed: string | null = null;
  let before: Span | undefined;
  let drafted = false;
  let asking: number | null = null;
  const turnIn = (whole: string) => {
    const turns = session.turns.of(whole);
    return turns?.length === of ? turns?.[turn ?? 0] : undefined;
  };
  /** What the control is for; where its turn is no more, it is about to go, and is left as it is. */
  const own = (): Stretch => {
    const whole = source.peek();
    if (turn === undefined) return { before: "", text: whole, after: "" };
    const found = turnIn(whole);
    if (found === undefined) return { before: "", text: area.value, after: "" };
    const { start, stop } = found;
    return { before: whole.slice(0, start), text: whole.slice(start, stop), after: whole.slice(stop) };
  };
  const gone = () => turn !== undefined && turnIn(source.peek()) === undefined;
  // Not `readonly`, which would take the caret away: it says what is looked at.
  const fixed = () => session.about.peek()?.editable === false;
  const selected = ({ before: { length }, text }: Stretch): Span => [
    length + placeIn(text, area.selectionStart),
    length + placeIn(text, area.selectionEnd),
  ];
  /** The colours behind lie under what stands in the control, whoever knows of it. */
  const settle = () => {
    area.parentElement?.toggleAttribute("data-vast", area.value.length > VAST);
    const { before, text, after } = own();
    const holding = holds(area, text);
    if (holding && !drafted) return;
    drafted = !holding;
    local.drafts[number].value = holding ? null : before + area.value + after;
  };
  const follow = () => {
    if (gone()) return;
    if (composed === null) putText(area, own().text);
    settle();
  };
  const edited = (way: Way, time: number) => {
    delete area.dataset.quiet;
    // Input methods do not ask before.
    if (fixed() || gone()) return follow();
    const stretch = own();
    const text = textIn(area, stretch.text);
    local.hoverToken.value = null;
    const whole = stretch.before + text + stretch.after;
    const caret = selected({ ...stretch, text });
    session.edit(whole, caret, time || performance.now(), number, way, before);
    before = undefined;
    settle();
  };
  const asked = (event: InputEvent) => {
    if (fixed()) return event.preventDefault();
    if (composed === null) before = selected(own());
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
    const stretch = own();
    composed = stretch.text;
    before = selected(stretch);
  };
  const ended = (event: Event) => {
    if (composed === null) return;
    const base = composed;
    composed = null;
    const stretch = own();
    if (stretch.text === base) return edited("typing", event.timeStamp);
    // Another text came meanwhile. It is the newer one, and what was written stays within reach of undo.
    const text = textIn(area, base);
    if (!fixed() && text !== base) session.outrun(stretch.before + text + stretch.after, number);
    follow();
  };
  const turned = () => {
    if (composed !== null || gone() || !isFocused(area) || area.dataset.quiet === caretKey(area)) return;
    delete area.dataset.quiet;
    const stretch = own();
    // Who selects all of a turn wants to replace it, as with a whole text.
    const all = turn !== undefined && area.value !== "" && isSelected(area);
    if (!all && holds(area, stretch.text)) session.moveCaret(selected(stretch), number);
  };
  const pointed = (event: PointerEvent) => {
    const token = event.buttons === 0 ? tokenAt(event.clientX, event.clientY) : null;
    // Where somebody has asked how a token came about, the pointer that still rests on it asks nothing else.
    if (token !== asking) asking = null;
    look(view, number, asking === null ? token : null);
  };
  /** What the model wrote is looked at from where it was expected: the token before it. */
  const clicked = (event: MouseEvent) => {
    const token = isCollapsed(area) ? tokenAt(event.clientX, event.clientY) : null;
    const field = view.derived.fields[number].peek();
    if (token === null || token === 0 || !producedIn(session, field, number).has(token)) return;
    area.dataset.quiet = caretKey(area);
    asking = token;
    look(view, number, null);
    pinIn(view, number, [token - 1, token]);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== " " || !event.ctrlKey || event.shiftKey || event.altKey || event.metaKey) return;
    if (!session.canContinue()) return;
    event.preventDefault();
    session.continue();
  };
  area.addEventListener("click", clicked, { signal });
  area.addEventListener("keydown", pressed, { signal });
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
    if (turn !== undefined) session.turns.known.value;
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
export function travel(
  { session }: Pick<View, "session">,
  inside: Element,
  way: Travel,
  of: "text" | "all" = "text",
): void {
  const place = session.travel(way, of);
  if (place === null) return;
  const root = inside.closest(".attnwidget");
  if (root !== null) goTo({ session }, root, place.field, place.text, place.span, of === "text");
}

/** Puts a text, and what is selected in it, into the control that it stands in; with the focus, if that is wanted. */
export function goTo(
  { session }: Pick<View, "session">,
  root: Element,
  field: FieldNumber,
  text: string,
  [first, last]: Span,
  focus: boolean,
): void {
  const turns = field === 0 ? session.turns.of(text) : null;
  const at = turns === null ? null : turnAt(turns, last);
  const { start, stop } = turns?.[at ?? 0] ?? { start: 0, stop: text.length };
  const which = at === null ? "textarea:not([data-turn])" : `textarea[data-turn="${at}"]`;
  const area = root.querySelector<HTMLTextAreaElement>(`.aw-field[data-field="${field}"] ${which}`);
  if (area === null) return;
  const own = text.slice(start, stop);
  // The session may know the text already: one that was too long to be sent stood only here.
  putText(area, own);
  if (focus) area.focus();
  const placed = (place: number) => placeOut(own, Math.max(0, Math.min(place, stop) - start));
  area.setSelectionRange(placed(first), placed(last));
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

function isCollapsed({ selectionStart, selectionEnd }: HTMLTextAreaElement): boolean {
  return selectionStart === selectionEnd;
}

function isSelected({ selectionStart, selectionEnd, value }: HTMLTextAreaElement): boolean {
  return selectionStart === 0 && selectionEnd === value.length;
}

function isFocused(area: HTMLTextAreaElement): boolean {
  return (area.getRootNode() as Document | ShadowRoot).activeElement === area;
}
