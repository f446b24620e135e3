import type { ViewEntry } from "../entry";
import { evidenceSoFar, testWishes } from "./asked";
import { DeletionBeside } from "./Deletion";
import { TestView } from "./View";
import { evidenceInWords } from "./words";
import "./style.css";

export const test: ViewEntry = {
  name: "test",
  text: "Test",
  group: "test",
  shows: "what the answer rests on, and whether attention says so",
  Stage: TestView,
  words: (session) => {
    const evidence = evidenceSoFar(session);
    return evidence && evidenceInWords(evidence);
  },
  wishes: testWishes,
  Expected: DeletionBeside,
  needs: "evidence",
  offered: ({ answers }) => answers.value,
  keys: [
    { keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "move to another word" },
    { keys: ["ArrowLeft", "ArrowRight"], does: "move to another method" },
    { keys: ["Enter", " "], does: "make the word the query; unfold what is not compared" },
  ],
};
