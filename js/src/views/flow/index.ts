import { arrows } from "../../lib/keys";
import type { ViewEntry } from "../entry";
import { flowWish } from "./flow";
import { FlowView } from "./View";
import { flowInWords } from "./words";
import "./style.css";

export const flow: ViewEntry = {
  name: "flow",
  text: "Flow",
  group: "look",
  shows: "attention from layer to layer, to one query",
  Stage: FlowView,
  ownHeads: true,
  words: flowInWords,
  wishes: ({ session }) => [flowWish(session)],
  keys: [
    { keys: [...arrows], does: "move from word to word, from level to level" },
    { keys: ["Home", "End"], does: "jump to the input, to the output" },
  ],
};
