import { useLayoutEffect, useRef } from "preact/hooks";
import { bent, steerItems } from "./menu-keys";
import { useUnfolding } from "./unfolding";

interface Item {
  readonly title: string;
  /** What stands under the title, in one line. */
  readonly text: string;
  /** A sentence under that. */
  readonly look?: string;
  /** Whether it is the first of another group than what is above it. */
  readonly begins?: boolean;
}

interface Props {
  readonly name: string;
  readonly class: string;
  readonly items: readonly Item[];
  readonly onChoose: (place: number) => void;
}

/** A button under which things to do unfold: the menu button of the ARIA Authoring Practices. */
export function Menu({ name, items, onChoose, class: own }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const first = useRef(0);
  const { open, close, unfold, root, button, id } = useUnfolding();
  const focus = (place: number) => (list.current?.children[place] as HTMLElement | undefined)?.focus();
  useLayoutEffect(() => {
    if (open) focus(first.current);
  }, [open]);
  const show = (place: number) => {
    first.current = place;
    unfold();
  };
  const knock = (event: KeyboardEvent) => {
    if (open || bent(event) || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    show(event.key === "ArrowDown" ? 0 : items.length - 1);
  };
  const steer = (event: KeyboardEvent) => {
    if (list.current !== null) steerItems(event, list.current.children, items);
  };
  const choose = (place: number) => {
    close(true);
    onChoose(place);
  };
  return (
    <span {...root} class={`aw-menu ${own}`}>
      <button
        {...button}
        type="button"
        class="aw-unfold"
        aria-haspopup="menu"
        onKeyDown={knock}
        onClick={() => (open ? close(false) : show(0))}
      >
        {name}
      </button>
      {open && (
        <div ref={list} id={id} class="aw-panel" role="menu" aria-label={name} onKeyDown={steer}>
          {items.map(({ title, text, look, begins }, place) => (
            <button
              key={title}
              type="button"
              role="menuitem"
              data-begins={begins || undefined}
              tabIndex={-1}
              onClick={() => choose(place)}
            >
              <b>{title}</b>
              {text !== "" && <span>{text}</span>}
              {look !== undefined && <em>{look}</em>}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
