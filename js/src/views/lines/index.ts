import type { ViewEntry } from "../entry";
import { followHeadLines } from "./head-lines";
import { LinesView } from "./View";

export const lines: ViewEntry = { name: "lines", text: "Lines", Stage: LinesView, follow: followHeadLines };
