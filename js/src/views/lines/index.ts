import type { ViewEntry } from "../entry";
import { headWishes } from "./head-lines";
import { LinesView } from "./View";
import "./style.css";

export const lines: ViewEntry = {
  name: "lines",
  text: "Lines",
  group: "look",
  shows: "who reads whom, as lines between tokens",
  Stage: LinesView,
  wishes: headWishes,
  keys: [
    { keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "move to another token" },
    { keys: ["ArrowLeft", "ArrowRight"], does: "step through its lines, strongest first" },
  ],
};
