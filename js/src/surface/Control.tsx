import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../display/view";
import { hasSecond } from "../focus/fields";
import { namesOf } from "./SecondText";
import { liven, type Slot } from "./text-control";
import type { TextSurface } from "./text-surface";

interface Props {
  readonly slot: Slot;
  readonly surface: RefObject<TextSurface | null>;
  /** What a screen reader calls it, where the text has turns. */
  readonly label?: string;
}

/** The native control of a text, or of a turn. */
export function Control({ slot, surface, label }: Props) {
  const { number, turn, of } = slot;
  const view = useView();
  const { session } = view;
  const ref = useRef<HTMLTextAreaElement>(null);
  const fixed = session.about.value?.editable === false;
  useEffect(() => {
    if (ref.current === null) return;
    const end = new AbortController();
    const tokenAt = (x: number, y: number) => {
      const { current } = surface;
      return current === null ? null : current.hit(...current.toSurface(x, y));
    };
    liven(view, ref.current, slot, tokenAt, end.signal);
    // Opened by hand, and not by a text that came: whoever opened it wants to write.
    if (number === 1 && session.traits.pair.peek() === "" && session.second.peek()) ref.current.focus();
    return () => end.abort();
  }, [view, number, turn, of]);
  const names = namesOf(session);
  return (
    <textarea
      ref={ref}
      rows={1}
      cols={1}
      dir="auto"
      spellcheck={false}
      autocomplete="off"
      data-turn={turn}
      data-jp-suppress-context-menu // JupyterLab's, which neither cuts nor pastes in a text
      placeholder={number === 1 ? names.hint : undefined}
      aria-label={label ?? (hasSecond(session) ? names.aria[number] : fixed ? "Text" : "Text to explore")}
      aria-readonly={fixed}
    />
  );
}
