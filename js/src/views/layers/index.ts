import type { ViewEntry } from "../entry";
import { followStrip } from "./strips";
import { LayersView } from "./View";
import { layersInWords } from "./words";

export const layers: ViewEntry = {
  name: "layers",
  text: "Layers",
  Stage: LayersView,
  words: layersInWords,
  follow: followStrip,
};
