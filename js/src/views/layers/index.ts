import type { ViewEntry } from "../entry";
import { stripOf } from "./strips";
import { LayersView } from "./View";
import { layersInWords } from "./words";

export const layers: ViewEntry = {
  name: "layers",
  text: "Layers",
  Stage: LayersView,
  words: layersInWords,
  wishes: (view) => [stripOf(view).wish.value],
};
