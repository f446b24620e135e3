import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useWidth } from "../display/view";
import { Menu } from "./Menu";

interface Tab<Name extends string> {
  readonly name: Name;
  readonly text: string;
  /** Tabs of one group follow each other. */
  readonly group: string;
  /** What is under it, in a line. */
  readonly shows: string;
  readonly shortcut: string;
}

interface Props<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly chosen: Name;
  readonly id: string;
  readonly onChoose: (name: Name) => void;
}

/**
 * Names over a panel in groups, one of them chosen; arrows choose the next one. Where not all have room, there are those of the
 * chosen one's group, and the others are in a menu that is called as their groups are.
 */
export function Tabs<Name extends string>({ label, tabs, chosen, id, onChoose }: Props<Name>) {
  const list = useRef<HTMLDivElement>(null);
  const folded = useFolded(list, tabs.map(({ text }) => text).join());
  const steered = useRef(false);
  const group = tabs.find(({ name }) => name === chosen)?.group;
  const [shown, others] = folded
    ? [tabs.filter((tab) => tab.group === group), tabs.filter((tab) => tab.group !== group)]
    : [tabs, []];
  const steer = (event: KeyboardEvent) => {
    const place = next(
      event,
      tabs.findIndex(({ name }) => name === chosen),
      tabs.length,
    );
    const tab = place === null ? undefined : tabs[place];
    if (tab === undefined) return;
    event.preventDefault();
    steered.current = true;
    onChoose(tab.name);
  };
  useLayoutEffect(() => {
    if (steered.current)
      list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus({ preventScroll: true });
    steered.current = false;
  }, [chosen]);
  return (
    <div class="aw-tabs">
      <div ref={list} role="tablist" aria-label={label} onKeyDown={steer}>
        {shown.map(({ name, text, shows, shortcut }, place) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            data-value={name}
            data-begins={begins(shown, place) || undefined}
            aria-selected={name === chosen}
            aria-controls={`${id}-panel`}
            aria-keyshortcuts={shortcut}
            title={`${text} (${shortcut}): ${shows}`}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {text}
          </button>
        ))}
      </div>
      {others.length > 0 && (
        <Menu
          name={[...new Set(others.map((tab) => tab.group))].join(" · ")}
          class="aw-other-tabs"
          items={others.map(({ text, shows }, place) => ({
            title: text,
            text: shows,
            begins: begins(others, place),
          }))}
          onChoose={(place) => onChoose((others[place] as Tab<Name>).name)}
        />
      )}
    </div>
  );
}

/** Whether another group begins at a place. */
function begins(tabs: readonly { readonly group: string }[], place: number): boolean {
  return place > 0 && tabs[place]?.group !== tabs[place - 1]?.group;
}

/** Whether a row has no room for all that is in it; `names` says what that is. */
function useFolded(row: RefObject<HTMLDivElement | null>, names: string): boolean {
  const parent = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    parent.current = row.current?.parentElement ?? null;
  }, [row]);
  const width = useWidth(parent);
  const all = useRef({ names: "", width: 0 });
  const [folded, setFolded] = useState(false);
  useLayoutEffect(() => {
    const { firstElementChild: first, lastElementChild: last } = row.current ?? {};
    // Only while all of them are there they can be measured.
    if (!folded && first instanceof HTMLElement && last instanceof HTMLElement)
      all.current = { names, width: last.offsetLeft + last.offsetWidth - first.offsetLeft };
    setFolded(width > 0 && all.current.names === names && all.current.width > width);
  }, [row, names, width, folded]);
  return folded;
}

/** Where a key leads among so many tabs, round and round; null for other keys. */
function next(event: KeyboardEvent, place: number, count: number): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return null;
  switch (event.key) {
    case "ArrowRight":
      return (place + 1) % count;
    case "ArrowLeft":
      return (place + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
