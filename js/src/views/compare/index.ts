import { mapKeys } from "../../matrix/keys";
import type { ViewEntry } from "../entry";
import { changesWish, compareWish, expectedWish } from "./difference";
import { ExpectedBoth } from "./Expected";
import { CompareView } from "./View";
import "./style.css";

export const compare: ViewEntry = {
  name: "compare",
  text: "Compare",
  Stage: CompareView,
  wishes: (view) => [compareWish(view), expectedWish(view), changesWish(view)],
  Expected: ExpectedBoth,
  needs: "compare",
  keys: mapKeys,
};
