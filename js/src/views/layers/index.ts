import { stripOf } from "../../focus/strips";
import { arrows } from "../../lib/keys";
import type { ViewEntry } from "../entry";
import { LayersView } from "./View";
import { layersInWords } from "./words";

export const layers: ViewEntry = {
  name: "layers",
  text: "Layers",
  group: "look",
  shows: "one query through all layers",
  Stage: LayersView,
  ownHeads: true,
  words: layersInWords,
  wishes: (view) => [stripOf(view).wish.value],
  keys: [
    { keys: [...arrows, "Home", "End"], does: "move to another cell; the tokens lie beyond the first layer" },
  ],
};
