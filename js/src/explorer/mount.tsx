import { computed, signal } from "@preact/signals";
import { render } from "preact";
import { Boundary } from "../display/Boundary";
import { watchEnvironment } from "../display/environment";
import { Figures } from "../display/figures";
import { latePointer } from "../display/late-pointer";
import { paletteOf, type View, ViewContext } from "../display/view";
import { derive } from "../focus/derived";
import { isPictured } from "../focus/fields";
import { followPointer } from "../focus/follow-pointer";
import { createLocal } from "../focus/pointer";
import { followHeads } from "../heads/metrics";
import type { Session } from "../session/session";
import { followStage } from "../views/registry";
import { followExpected } from "../what-if/expected";
import { Explorer } from "./Explorer";
import { layoutOf, zoomOf } from "./layout";
import { keepKeys } from "./own-keys";

/** Puts one view of a session into an element, and returns it. It ends with the signal. */
export function mount(element: HTMLElement, session: Session, abort: AbortSignal): View {
  element.classList.add("attnwidget");
  element.tabIndex = -1;
  const watched = watchEnvironment(element, abort);
  const size = computed(() => session.traits.look.value.size);
  const ratio = computed(() => watched.ratio.value * zoomOf(size.value));
  const environment = { ...watched, ratio };
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
        size: size.value,
        height: session.traits.look.value.height,
        pictured: isPictured(session),
      }),
    ),
    abort,
  };
  followStage(view);
  followExpected(view);
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
  return view;
}
