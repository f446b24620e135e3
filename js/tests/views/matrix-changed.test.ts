import { describe, expect, it } from "vitest";
import type { MapOnShow } from "../../src/focus/maps";
import type { Session } from "../../src/session/session";
import { changedIn } from "../../src/views/matrix/changed";

const map = { source: "head", layer: 1, head: 0, chosen: [[1, 0]] } as unknown as MapOnShow;

/** What is changed in a map of a part. */
function changed(part: string, parts: readonly string[], edits: readonly string[], shows = "after") {
  const header = { part, parts, units: null, key_units: null, key_tokens: part === "cross" ? {} : null };
  const session = {
    shown: { value: { frame: { header }, asked: { edits } } },
    traits: { look: { value: { shows } } },
    heads: { value: [4, 4] },
  };
  return changedIn(session as unknown as Session, map);
}

describe("what is changed in a map", () => {
  it("is what is cut in its heads, and what nobody reads", () => {
    const edits = ["hide 2", "cut 5 reads 3 in L1H0", "cut 4 reads 1 in L0H0", "silence L1H0"];
    expect(changed("self", ["self"], edits)).toEqual({ cuts: [{ queries: [5], keys: [3] }], hidden: [2] });
    expect(changed("self", ["self"], edits, "before")).toBeNull();
    expect(changed("self", ["self"], [])).toBeNull();
  });

  it("between two texts is what is hidden in the one that is read, and nothing of the other", () => {
    const parts = ["encoder", "decoder", "cross"];
    const edits = ["hide encoder 2", "hide decoder 1", "cut encoder 3 reads 0"];
    expect(changed("cross", parts, edits)).toEqual({ cuts: [], hidden: [2] });
    expect(changed("decoder", parts, edits)).toEqual({ cuts: [], hidden: [1] });
  });
});
