import { useRef } from "preact/hooks";

interface Props<Name extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly name: Name; readonly text: string; readonly shortcut?: string }[];
  readonly chosen: Name;
  readonly id: string;
  readonly onChoose: (name: Name) => void;
}

/** Names over a panel, one of them chosen; arrows choose the next one. */
export function Tabs<Name extends string>({ label, tabs, chosen, id, onChoose }: Props<Name>) {
  const list = useRef<HTMLDivElement>(null);
  const steer = (event: KeyboardEvent) => {
    const place = next(
      event,
      tabs.findIndex(({ name }) => name === chosen),
      tabs.length,
    );
    const tab = place === null ? undefined : tabs[place];
    if (place === null || tab === undefined) return;
    event.preventDefault();
    onChoose(tab.name);
    (list.current?.children[place] as HTMLElement | undefined)?.focus();
  };
  return (
    <div ref={list} class="aw-tabs" role="tablist" aria-label={label} onKeyDown={steer}>
      {tabs.map(({ name, text, shortcut }) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${id}-${name}`}
          data-value={name}
          aria-selected={name === chosen}
          aria-controls={`${id}-panel`}
          {...(shortcut !== undefined && { title: `${text} (${shortcut})`, "aria-keyshortcuts": shortcut })}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => onChoose(name)}
        >
          {text}
        </button>
      ))}
    </div>
  );
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
