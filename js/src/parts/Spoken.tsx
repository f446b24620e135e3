import { useLayoutEffect, useRef } from "preact/hooks";

/** What a picture's cell says to those who do not see it. Read out when keys lead there, silent under the pointer and while typing. */
export function Spoken({ id, children }: { readonly id: string; readonly children: string }) {
  const cell = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = cell.current;
    const grid = element?.closest('[role="grid"]');
    if (element == null || grid == null) return;
    const life = new AbortController();
    const live = (name: string, politeness: "polite" | "off") =>
      grid.addEventListener(
        name,
        () => {
          if (element.getAttribute("aria-live") !== politeness) element.setAttribute("aria-live", politeness);
        },
        { signal: life.signal, capture: true, passive: true },
      );
    live("keydown", "polite");
    live("pointermove", "off");
    live("focusout", "off");
    return () => life.abort();
  }, []);
  return (
    <div role="row" class="aw-unseen">
      <div ref={cell} role="gridcell" id={id} aria-selected="true">
        {children}
      </div>
    </div>
  );
}
