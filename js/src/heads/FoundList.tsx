import type { RefObject } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { steerBy } from "../display/steering";
import { clearHover, useView, type View } from "../display/view";
import { grouped } from "../lib/format";
import type { HeadRef } from "../session/places";
import type { Metric } from "../wire/metric";
import { type Found, type FoundHead, headName } from "./found";
import { fullNumber, spokenName } from "./shades";

interface Props {
  readonly found: Found | null;
  readonly metric: Metric | null;
}

/** More than anybody reads; the grid shows them all. */
const listed = 100;

/** The heads that were found, best first: arrows go through them, Enter pins. */
export function FoundList({ found, metric }: Props) {
  const view = useView();
  const { session, local } = view;
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const heads = found?.heads.slice(0, listed) ?? [];
  const pinned = session.clampedHead();
  const looked = local.hoverHead.value ?? pinned;
  const at = heads.findIndex((head) => same(head, looked));
  useSight(list, at, local.hoverHead.value, pinned);
  if (found === null || metric === null) return null;
  const most = Math.max(...heads.map(({ value }) => Math.abs(value)).filter(Number.isFinite), 1e-9);
  const more = found.heads.length - heads.length;
  return (
    <>
      <div
        ref={list}
        class="aw-found"
        role="listbox"
        tabIndex={0}
        aria-label="Heads found"
        aria-activedescendant={at < 0 ? undefined : `${id}-${at}`}
        onKeyDown={(event) => steer(view, heads, at, event)}
        onPointerMove={(event) => under(event, (head) => look(view, head))}
        onPointerLeave={() => clearHover(view)}
        onClick={(event) => under(event, (head) => choose(view, head, event.shiftKey))}
        onDblClick={(event) => under(event, (head) => openAlone(view, head))}
        onBlur={() => clearHover(view)}
      >
        {heads.map((head, place) => (
          <div
            key={headName(head)}
            id={`${id}-${place}`}
            role="option"
            data-layer={head.layer}
            data-head={head.head}
            data-looked={place === at || undefined}
            aria-selected={same(head, pinned)}
          >
            <span class="aw-rank">{place + 1}</span>
            <span class="aw-found-name">{headName(head)}</span>
            {head.label === "" ? (
              <span class="aw-found-track">
                <span style={{ width: `${(100 * Math.abs(head.value)) / most}%` }} />
              </span>
            ) : (
              <span class="aw-found-label" title={spokenName(head.label, Number.NaN)}>
                {spokenName(head.label, Number.NaN)}
              </span>
            )}
            <span class="aw-number">{fullNumber(head.value, metric.unit)}</span>
          </div>
        ))}
        {more > 0 && (
          <p role="presentation" class="aw-finder-meaning">
            and {grouped(more)} more, on the grid
          </p>
        )}
      </div>
      {heads.length === 0 && metric.labels === null && (
        <p class="aw-finder-meaning">No head has a value for this text.</p>
      )}
    </>
  );
}

/** The head alone, where its weights can be read. */
export function openAlone(view: View, { layer, head }: HeadRef): void {
  clearHover(view);
  view.session.pinHead(layer, head);
  view.session.setView("matrix");
}

/** With Shift one more head, or one less, of those that are looked at together. */
function choose({ session }: View, { layer, head }: HeadRef, more: boolean): void {
  if (more) session.toggleHead(layer, head);
  else session.pinHead(layer, head);
}

function same(one: HeadRef, other: HeadRef): boolean {
  return one.layer === other.layer && one.head === other.head;
}

function under(event: MouseEvent, act: (head: HeadRef) => void): void {
  const row = (event.target as Element).closest<HTMLElement>("[data-layer]");
  if (row !== null) act({ layer: Number(row.dataset.layer), head: Number(row.dataset.head) });
}

function look({ local }: View, { layer, head }: HeadRef): void {
  const known = local.hoverHead.peek();
  if (known === null || !same(known, { layer, head })) local.hoverHead.value = { layer, head };
}

function steer(view: View, heads: readonly FoundHead[], at: number, event: KeyboardEvent): void {
  const go = (place: number) => () => {
    const head = heads[Math.max(0, Math.min(heads.length - 1, place))];
    if (head !== undefined) look(view, head);
  };
  const here = heads[at];
  const pin = () => here !== undefined && view.session.pinHead(here.layer, here.head);
  steerBy(view, event, {
    ArrowDown: go(at + 1),
    ArrowUp: go(at - 1),
    Home: go(0),
    End: go(heads.length - 1),
    Enter: pin,
    " ": pin,
    Escape: () => clearHover(view),
  });
}

/** A head that is looked at elsewhere comes into sight. The list begins at its best, wherever the chosen one stands. */
function useSight(
  list: RefObject<HTMLElement | null>,
  at: number,
  hovered: HeadRef | null,
  pinned: HeadRef,
): void {
  const known = useRef(headName(pinned));
  useEffect(() => {
    const chosen = known.current !== headName(pinned);
    known.current = headName(pinned);
    if (hovered !== null || chosen) reveal(list.current, at);
  }, [at, hovered, pinned.layer, pinned.head]);
}

/** Scrolls the list, and never the page. */
function reveal(list: HTMLElement | null, at: number): void {
  const row = list?.children[at];
  if (list === null || !(row instanceof HTMLElement)) return;
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + row.offsetHeight > list.scrollTop + list.clientHeight)
    list.scrollTop = top + row.offsetHeight - list.clientHeight;
}
