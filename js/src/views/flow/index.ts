import type { ViewEntry } from "../entry";
import { flowWish } from "./flow";
import { FlowView } from "./View";
import { flowInWords } from "./words";

export const flow: ViewEntry = {
  name: "flow",
  text: "Flow",
  Stage: FlowView,
  words: flowInWords,
  wishes: ({ session }) => [flowWish(session)],
};
