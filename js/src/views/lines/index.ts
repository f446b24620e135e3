import type { ViewEntry } from "../entry";
import { headWishes } from "./head-lines";
import { LinesView } from "./View";

export const lines: ViewEntry = { name: "lines", text: "Lines", Stage: LinesView, wishes: headWishes };
