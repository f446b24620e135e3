import type { ViewEntry } from "../entry";
import { followPairs } from "./pairs";
import { NeuronView } from "./View";
import { neuronInWords } from "./words";

export const neuron: ViewEntry = {
  name: "neuron",
  text: "Neuron",
  Stage: NeuronView,
  words: neuronInWords,
  follow: followPairs,
};
