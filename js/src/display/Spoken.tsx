import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Milliseconds without a change after which a cell is read out: less than a key that is held down takes to come again. */
const rest = 60;

/**
 * What a picture's cell says to those who do not see it. Read out when keys have led there, silent under the pointer and while typing.
 * On the way through many cells only the last one is.
 */
export function Spoken({ id, children }: { readonly id: string; readonly children: string }) {
  const cell = useRef<HTMLDivElement>(null);
  const aloud = useRef(false);
  const [settled, setSettled] = useState(children);
  useLayoutEffect(() => {
    const element = cell.current;
    const grid = element?.closest('[role="grid"]');
    if (element == null || grid == null) return;
    const life = new AbortController();
    const live = (name: string, politeness: "polite" | "off") =>
      grid.addEventListener(
        name,
        () => {
          aloud.current = politeness === "polite";
          if (element.getAttribute("aria-live") !== politeness) element.setAttribute("aria-live", politeness);
        },
        { signal: life.signal, capture: true, passive: true },
      );
    live("keydown", "polite");
    live("pointermove", "off");
    live("focusout", "off");
    return () => life.abort();
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(children), aloud.current ? rest : 0);
    return () => clearTimeout(timer);
  }, [children]);
  return (
    <div role="row" class="aw-unseen">
      <div ref={cell} role="gridcell" id={id} aria-selected="true">
        {aloud.current ? settled : children}
      </div>
    </div>
  );
}
