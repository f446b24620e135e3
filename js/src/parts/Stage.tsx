import { useId } from "preact/hooks";
import type { ViewName } from "../state";
import { Boundary } from "./Boundary";
import { CompareView } from "./CompareView";
import { Described } from "./Described";
import { FlowView } from "./FlowView";
import { LayersView } from "./LayersView";
import { LinesView } from "./LinesView";
import { MatrixView } from "./MatrixView";
import { ModelView } from "./ModelView";
import { NeuronView } from "./NeuronView";
import { Tabs } from "./Tabs";
import { clearHover, useView } from "./view";

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
