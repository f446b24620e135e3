import { mapKeys } from "../../matrix/keys";
import type { ViewEntry } from "../entry";
import { MatrixView } from "./View";

export const matrix: ViewEntry = { name: "matrix", text: "Matrix", Stage: MatrixView, keys: mapKeys };
