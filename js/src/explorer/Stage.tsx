import { useId } from "preact/hooks";
import { Tabs } from "../controls/Tabs";
import { Boundary } from "../display/Boundary";
import { clearHover, useView } from "../display/view";
import { viewOf, views } from "../views/registry";
import { Described } from "./Described";

/** One stage, and the chosen view on it. */
export function Stage() {
  const view = useView();
  const id = useId();
  const chosen = view.session.traits.view.value;
  const entry = viewOf(chosen);
  const offered = views.filter(({ needs }) => needs === undefined || view.session.can(needs));
  const choose = (name: string) => {
    clearHover(view);
    view.session.setView(name);
  };
  return (
    <div class="aw-stage" data-view={chosen}>
      <Tabs label="View" tabs={offered} chosen={chosen} id={id} onChoose={choose} />
      <div
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
