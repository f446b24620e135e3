import type { ViewEntry } from "../entry";
import { pairsWish } from "./pairs";
import { NeuronView } from "./View";
import { neuronInWords } from "./words";
import "./style.css";

export const neuron: ViewEntry = {
  name: "neuron",
  text: "Neuron",
  group: "inside",
  shows: "one query, down to its products q·k",
  Stage: NeuronView,
  words: neuronInWords,
  wishes: (view) => [pairsWish(view)],
  keys: [
    { keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "move to another key" },
    { keys: ["ArrowLeft", "ArrowRight"], does: "move to another dimension" },
    { keys: ["Enter"], does: "make the key the query" },
    { keys: [" "], does: "keep the pair open, or close it" },
  ],
};
