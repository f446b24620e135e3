import { describe, expect, it } from "vitest";
import { chipOf, editsOn, switched, withEdit, without } from "../../src/edits/chips";
import { movedEdit } from "../../src/edits/moving";
import { readEdit, textOf } from "../../src/edits/notation";
import type { Edit } from "../../src/edits/records";

const edit = (text: string): Edit => {
  const said = readEdit(text);
  if (!("edit" in said)) throw new Error(said.problem);
  return said.edit;
};

describe("chips", () => {
  it("are off in brackets, and then not asked for", () => {
    expect(chipOf("(hide 4)")).toEqual({ text: "hide 4", on: false, edit: edit("hide 4") });
    expect(editsOn(["hide 4", "(silence L1H2)"])).toEqual(["hide 4"]);
    expect(switched(["hide 4", "(silence L1H2)"], 1)).toEqual(["hide 4", "silence L1H2"]);
    expect(switched(["hide 4"], 0)).toEqual(["(hide 4)"]);
  });

  it("that cannot be read here are shown as they are", () => {
    expect(chipOf("patch L1")).toEqual({ text: "patch L1", on: true, edit: null });
  });

  it("come once, and on", () => {
    expect(withEdit(["hide 4"], edit("silence L1"))).toEqual(["hide 4", "silence L1"]);
    expect(withEdit(["(hide 4)", "silence L1"], edit("hide 4"))).toEqual(["hide 4", "silence L1"]);
    expect(without(["hide 4", "silence L1"], 0)).toEqual(["silence L1"]);
  });
});

describe("an edit of a text that has changed", () => {
  /** One token came before number 3, and number 5 is gone. */
  const places = (token: number) => (token === 5 ? null : token < 3 ? token : token + (token > 5 ? 0 : 1));
  const after = (text: string) => {
    const moved = movedEdit(edit(text), { queries: places, keys: places });
    return moved === null ? null : textOf(moved);
  };

  it("goes with its tokens", () => {
    expect(after("hide 4")).toBe("hide 5");
    expect(after("hide 2..6")).toBe("hide 2, 4..6");
    expect(after("cut 4 reads 1 in L5H3")).toBe("cut 5 reads 1 in L5H3");
    expect(after("silence L4H3")).toBe("silence L4H3");
  });

  it("has nothing left once all of its tokens are gone", () => {
    expect(after("hide 5")).toBeNull();
    expect(after("cut 5 reads 1")).toBeNull();
    expect(after("cut * reads 5")).toBeNull();
    expect(after("cut * reads 4")).toBe("cut * reads 5");
  });

  it("begins at the same query, or behind the one before it", () => {
    expect(after("hide 1 from 4")).toBe("hide 1 from 5");
    expect(after("hide 1 from 5")).toBe("hide 1 from 6");
  });
});
