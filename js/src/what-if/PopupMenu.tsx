import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { steerItems } from "../controls/menu-keys";
import { useView } from "../display/view";
import type { OpenMenu } from "../focus/pointer";
import { OfferButton } from "./OfferButton";
import { headingOf, offersFor } from "./offers";
import { standingOf } from "./standing";

/** What can be done with what was pointed at: one menu, wherever it was opened. */
export function PopupMenu() {
  const open = useView().local.menu.value;
  return open === null ? null : <Opened key={`${open.x} ${open.y}`} menu={open} />;
}

function Opened({ menu }: { readonly menu: OpenMenu }) {
  const view = useView();
  const { local } = view;
  const list = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ x: menu.x, y: menu.y });
  // As it was when it was opened: what changes under it does not change what it says.
  const [offers] = useState(() => {
    const standing = standingOf(view);
    return standing === null ? [] : offersFor(menu.subject, standing);
  });
  const close = (refocus: boolean) => {
    if (local.menu.peek() !== menu) return;
    local.menu.value = null;
    if (refocus) menu.from?.focus({ preventScroll: true });
  };
  useLayoutEffect(() => {
    const own = list.current;
    const frame = own?.closest<HTMLElement>(".aw-frame");
    if (own == null || frame == null) return;
    setPlace({
      x: Math.max(4, Math.min(menu.x, frame.clientWidth - own.offsetWidth - 4)),
      y: Math.max(4, Math.min(menu.y, frame.clientHeight - own.offsetHeight - 4)),
    });
    own.querySelector<HTMLElement>('[role="menuitem"]')?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const life = new AbortController();
    const elsewhere = (event: Event) => {
      if (list.current !== null && !event.composedPath().includes(list.current)) close(false);
    };
    document.addEventListener("pointerdown", elsewhere, { capture: true, signal: life.signal });
    return () => life.abort();
  }, []);
  if (offers.length === 0) return null;
  const heading = headingOf(menu.subject);
  return (
    <div
      ref={list}
      class="aw-popup aw-panel"
      role="menu"
      aria-label={`What if: ${heading}`}
      style={{ left: `${place.x}px`, top: `${place.y}px` }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" && event.key !== "Tab")
          return steerItems(event, list.current?.querySelectorAll('[role="menuitem"]') ?? [], offers);
        event.preventDefault();
        event.stopPropagation();
        close(true);
      }}
      onFocusOut={({ relatedTarget }) => {
        if (relatedTarget instanceof Node && list.current?.contains(relatedTarget) === false) close(false);
      }}
    >
      <p class="aw-popup-heading" role="presentation">
        <bdi>{heading}</bdi>
      </p>
      {offers.map((offer) => (
        <OfferButton key={offer.text} item offer={offer} onTake={() => close(true)} />
      ))}
    </div>
  );
}
