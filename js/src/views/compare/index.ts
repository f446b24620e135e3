import type { ViewEntry } from "../entry";
import { followDifference } from "./difference";
import { CompareView } from "./View";

export const compare: ViewEntry = {
  name: "compare",
  text: "Compare",
  Stage: CompareView,
  follow: followDifference,
  needs: "compare",
};
