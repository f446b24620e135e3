import { arrows } from "../../lib/keys";
import type { ViewEntry } from "../entry";
import { lensOf } from "./lens";
import { LensView } from "./View";
import { lensInWords } from "./words";
import "./style.css";

export const lens: ViewEntry = {
  name: "lens",
  text: "Lens",
  group: "inside",
  shows: "what each layer would say",
  Stage: LensView,
  ownHeads: true,
  needs: "lens",
  offered: ({ about }) => {
    const predicts = about.value?.model.predicts;
    return predicts === undefined || predicts === "next token" || predicts === "this token";
  },
  words: lensInWords,
  wishes: (view) => lensOf(view).wishes.value,
  keys: [
    { keys: [...arrows], does: "move to another cell; beyond the last token in sight the table moves" },
    { keys: ["Home", "End"], does: "jump to the first token, to the last" },
  ],
};
