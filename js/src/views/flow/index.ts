import type { ViewEntry } from "../entry";
import { followFlow } from "./flow";
import { FlowView } from "./View";
import { flowInWords } from "./words";

export const flow: ViewEntry = {
  name: "flow",
  text: "Flow",
  Stage: FlowView,
  words: flowInWords,
  follow: followFlow,
};
