import { mapKeys } from "../../matrix/keys";
import type { ViewEntry } from "../entry";
import { changesWish, compareWish, expectedWish } from "./difference";
import { ExpectedBoth } from "./Expected";
import { CompareView } from "./View";
import "./style.css";

export const compare: ViewEntry = {
  name: "compare",
  text: "Compare",
  group: "look",
  shows: "what became of every head since a text was held",
  Stage: CompareView,
  wishes: (view) => [compareWish(view), expectedWish(view), changesWish(view)],
  Expected: ExpectedBoth,
  needs: "compare",
  keys: mapKeys,
};
