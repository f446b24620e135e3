import type { ViewEntry } from "../entry";
import { compareWish } from "./difference";
import { CompareView } from "./View";

export const compare: ViewEntry = {
  name: "compare",
  text: "Compare",
  Stage: CompareView,
  wishes: (view) => [compareWish(view)],
  needs: "compare",
};
