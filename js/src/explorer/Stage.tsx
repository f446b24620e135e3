import { useId } from "preact/hooks";
import { Tabs } from "../controls/Tabs";
import { Boundary } from "../display/Boundary";
import { clearHover, useView } from "../display/view";
import { CompareView } from "../views/compare/View";
import { FlowView } from "../views/flow/View";
import { LayersView } from "../views/layers/View";
import { LinesView } from "../views/lines/View";
import { MatrixView } from "../views/matrix/View";
import { ModelView } from "../views/model/View";
import { NeuronView } from "../views/neuron/View";
import type { ViewName } from "../wire/types";
import { Described } from "./Described";

const tabs = [
  { name: "matrix", text: "Matrix" },
  { name: "lines", text: "Lines" },
  { name: "layers", text: "Layers" },
  { name: "flow", text: "Flow" },
  { name: "neuron", text: "Neuron" },
  { name: "model", text: "Model" },
  { name: "compare", text: "Compare" },
] as const satisfies readonly { name: ViewName; text: string }[];

/** One stage, and the chosen view on it. */
export function Stage() {
  const view = useView();
  const id = useId();
  const chosen = view.session.traits.view.value;
  // Another text takes a kernel to read it.
  const saved = view.session.about.value?.saved === true;
  const offered = saved ? tabs.filter(({ name }) => name !== "compare") : tabs;
  const choose = (name: ViewName) => {
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
        <Boundary of={tabs.find(({ name }) => name === chosen)?.text ?? "The view"}>
          {chosen === "matrix" && <MatrixView />}
          {chosen === "lines" && <LinesView />}
          {chosen === "layers" && <LayersView />}
          {chosen === "flow" && <FlowView />}
          {chosen === "neuron" && <NeuronView />}
          {chosen === "model" && <ModelView />}
          {chosen === "compare" && <CompareView />}
        </Boundary>
        <Boundary of="The view in words" instead={null}>
          <Described id={`${id}-said`} />
        </Boundary>
      </div>
    </div>
  );
}
