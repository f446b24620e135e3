import { mapKeys } from "../../matrix/keys";
import type { ViewEntry } from "../entry";
import { MatrixView } from "./View";

export const matrix: ViewEntry = {
  name: "matrix",
  text: "Matrix",
  group: "look",
  shows: "every query and every key of a head",
  Stage: MatrixView,
  keys: mapKeys,
};
