import type { ViewEntry } from "../entry";
import { pairsWish } from "./pairs";
import { NeuronView } from "./View";
import { neuronInWords } from "./words";

export const neuron: ViewEntry = {
  name: "neuron",
  text: "Neuron",
  Stage: NeuronView,
  words: neuronInWords,
  wishes: (view) => [pairsWish(view)],
};
