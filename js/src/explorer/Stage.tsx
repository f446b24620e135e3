import type { RefObject } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Tabs } from "../controls/Tabs";
import { Boundary } from "../display/Boundary";
import { chooseView, useView } from "../display/view";
import { offeredViews, viewOf } from "../views/registry";
import { Described } from "./Described";

/** One stage, and the chosen view on it. */
export function Stage() {
  const view = useView();
  const id = useId();
  const chosen = view.session.traits.view.value;
  const entry = viewOf(chosen);
  const offered = offeredViews(view.session).map(({ name, text, group, shows }, place) => ({
    name,
    text,
    group,
    shows,
    shortcut: String(place + 1),
  }));
  const panel = useFocusIn(chosen);
  return (
    <div class="aw-stage" data-view={chosen}>
      <Tabs label="View" tabs={offered} chosen={chosen} id={id} onChoose={(name) => chooseView(view, name)} />
      <div
        ref={panel}
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${chosen}`}
        aria-describedby={`${id}-said`}
      >
        <Boundary of={entry.text}>
          <entry.Stage key={entry.name} />
        </Boundary>
        <Boundary of="The description of the view" instead={null}>
          <Described id={`${id}-said`} />
        </Boundary>
      </div>
    </div>
  );
}

/** Whoever is on the stage stays there when another view comes: else the next keys were the notebook's. */
function useFocusIn(chosen: string): RefObject<HTMLDivElement | null> {
  const panel = useRef<HTMLDivElement>(null);
  const known = useRef(chosen);
  const inside = useRef(false);
  if (known.current !== chosen) {
    const root = panel.current?.getRootNode() as Document | ShadowRoot | undefined;
    inside.current = panel.current?.contains(root?.activeElement ?? null) === true;
    known.current = chosen;
  }
  useLayoutEffect(() => {
    if (!inside.current) return;
    inside.current = false;
    const { current } = panel;
    const tab = current?.parentElement?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]');
    (current?.querySelector<HTMLElement>('[tabindex="0"]') ?? tab)?.focus({ preventScroll: true });
  }, [chosen]);
  return panel;
}
