import { modelInWords } from "../../heads/words";
import type { ViewEntry } from "../entry";
import { ModelView } from "./View";

export const model: ViewEntry = {
  name: "model",
  text: "Model",
  group: "inside",
  shows: "numbers of all heads, to find heads by",
  Stage: ModelView,
  words: modelInWords,
  keys: [{ keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "move to another of the heads found" }],
  keysOf: "Model, the list of heads",
};
