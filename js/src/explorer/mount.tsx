import { render } from "preact";
import { Boundary } from "../display/Boundary";
import { watchEnvironment } from "../display/environment";
import { Figures } from "../display/figures";
import { paletteOf, type View, ViewContext } from "../display/view";
import { derive } from "../focus/derived";
import { followPointer } from "../focus/follow-pointer";
import { createLocal } from "../focus/pointer";
import { followHeads } from "../heads/metrics";
import type { Session } from "../session/session";
import { followDifference } from "../views/compare/difference";
import { followFlow } from "../views/flow/flow";
import { followStrip } from "../views/layers/strips";
import { followHeadLines } from "../views/lines/head-lines";
import { followPairs } from "../views/neuron/pairs";
import { Explorer } from "./Explorer";
import { keepKeys } from "./own-keys";

/** Puts one view of a session into an element. It ends with the signal. */
export function mount(element: HTMLElement, session: Session, abort: AbortSignal): void {
  element.classList.add("attnwidget");
  element.tabIndex = -1;
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
  keepKeys(view, element);
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
