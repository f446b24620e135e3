import { render } from "preact";
import {
  createLocal,
  derive,
  followDifference,
  followFlow,
  followHeadLines,
  followHeads,
  followPairs,
  followPointer,
  followStrip,
  type Session,
} from "../state";
import { Boundary } from "./Boundary";
import { Explorer } from "./Explorer";
import { watchEnvironment } from "./environment";
import { Figures } from "./figures";
import { ownKey } from "./own-keys";
import { paletteOf, type View, ViewContext } from "./view";

/** Puts one view of a session into an element. It ends with the signal. */
export function mount(element: HTMLElement, session: Session, abort: AbortSignal): void {
  element.classList.add("attnwidget");
  element.tabIndex = -1;
  // JupyterLab's shortcuts stay away: `b` in the grid must not insert a cell.
  element.dataset.lmSuppressShortcuts = "true";
  const environment = watchEnvironment(element, abort);
  const local = createLocal();
  const derived = derive(session, local);
  followPointer(session, local, derived, abort);
  followHeadLines(session, abort);
  const wanted = () => ({ request: derived.stripRequest.value, hovered: local.hoverToken.value !== null });
  followStrip(session, local.asker, wanted, abort);
  followFlow(session, abort);
  followDifference(session, local.asker, () => derived.head.value ?? session.clampedHead(), abort);
  followHeads(session, abort);
  const pairs = () => ({
    request: derived.pairsRequest.value,
    keys: derived.pairsKeys.value,
    hovered: local.hoverToken.value !== null || local.hoverHead.value !== null,
  });
  followPairs(session, local.asker, pairs, abort);
  const view: View = {
    session,
    local,
    derived,
    environment,
    palette: paletteOf(environment),
    figures: new Figures(),
    abort,
  };
  element.addEventListener("keydown", (event) => keepKeys(view, event), { signal: abort });
  render(
    <ViewContext.Provider value={view}>
      <Boundary of="The explorer">
        <Explorer />
      </Boundary>
    </ViewContext.Provider>,
    element,
  );
  abort.addEventListener("abort", () => render(null, element), { once: true });
}

/** Keys belong to the explorer, except those that run a cell. */
function keepKeys(view: View, event: KeyboardEvent): void {
  const runs = event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey);
  if (!runs) event.stopPropagation();
  if (!event.defaultPrevented) ownKey(view, event);
}
