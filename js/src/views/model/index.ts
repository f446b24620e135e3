import { modelInWords } from "../../heads/words";
import type { ViewEntry } from "../entry";
import { ModelView } from "./View";

export const model: ViewEntry = { name: "model", text: "Model", Stage: ModelView, words: modelInWords };
