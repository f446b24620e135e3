import { computed, signal } from "@preact/signals";
import { render } from "preact";
import { Boundary } from "../display/Boundary";
import { watchEnvironment } from "../display/environment";
import { Figures } from "../display/figures";
import { latePointer } from "../display/late-pointer";
import { paletteOf, type View, ViewContext } from "../display/view";
import { derive } from "../focus/derived";
import { followPointer } from "../focus/follow-pointer";
import { createLocal } from "../focus/pointer";
import { followHeads } from "../heads/metrics";
import type { Session } from "../session/session";
import { followStage } from "../views/registry";
import { Explorer } from "./Explorer";
import { layoutOf } from "./layout";
import { keepKeys } from "./own-keys";

/** Puts one view of a session into an element. It ends with the signal. */
export function mount(element: HTMLElement, session: Session, abort: AbortSignal): void {
  element.classList.add("attnwidget");
  element.tabIndex = -1;
  const environment = watchEnvironment(element, abort);
  const local = createLocal();
  const derived = derive(session, local);
  followPointer(session, local, derived, abort);
  followHeads(session, abort);
  const across = signal(0);
  const view: View = {
    session,
    local,
    derived,
    numbers: derive(session, latePointer(session, local, abort)),
    environment,
    palette: paletteOf(environment),
    figures: new Figures(),
    across,
    layout: computed(() =>
      layoutOf({
        width: across.value,
        screen: environment.height.value,
        heads: session.heads.value,
        chart: session.charts.revision.value > 0,
      }),
    ),
    abort,
  };
  followStage(view);
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
