import { describe, expect, it } from "vitest";
import { hiddenBy, withHidden } from "../../src/edits/hidden-tokens";

describe("tokens that are hidden by hand", () => {
  it("are one edit, whatever comes beside it", () => {
    const one = withHidden(["silence L0H1"], [5], true, null);
    expect(one).toEqual(["silence L0H1", "hide 5"]);
    expect(withHidden(one, [6, 7], true, null)).toEqual(["silence L0H1", "hide 5..7"]);
  });

  it("are known at once", () => {
    expect(hiddenBy(["(hide 1)", "hide 5..7"], null)).toEqual([5, 6, 7]);
    expect(hiddenBy(["hide decoder 3"], null)).toEqual([]);
  });

  it("come back, and the edit goes with the last one", () => {
    expect(withHidden(["hide 5..7"], [6], false, null)).toEqual(["hide 5, 7"]);
    expect(withHidden(["hide 5", "silence L0H1"], [5], false, null)).toEqual(["silence L0H1"]);
    expect(withHidden([], [5], false, null)).toEqual([]);
  });

  it("leave edits alone that are switched off, begin later, or are of another part", () => {
    const others = ["(hide 1)", "hide 2 from 9", "hide decoder 3"];
    expect(withHidden(others, [4], true, null)).toEqual([...others, "hide 4"]);
    expect(withHidden(others, [4], true, "decoder")).toEqual([
      "(hide 1)",
      "hide 2 from 9",
      "hide decoder 3..4",
    ]);
  });
});
