import { describe, expect, it } from "vitest";
import { settle } from "../clock";
import { ok, open } from "../opened";

describe("a picture of another text than the one that is written", () => {
  it("says so after a third of a second, until the text has its own", async () => {
    const { session, frames } = open();
    await settle(2000);
    expect(session.behind.value).toBe(false); // of no text at all
    await frames()[0]?.answer(ok());
    session.edit("The river", [9, 9], 0);
    await settle(290);
    expect(session.behind.value).toBe(false);
    await settle(20);
    expect(session.behind.value).toBe(true);
    session.edit("The river b", [11, 11], 0);
    await frames()[1]?.answer(ok());
    expect(session.behind.value).toBe(true);
    await frames()[2]?.answer(ok());
    expect(session.behind.value).toBe(false);
  });

  it("does not flicker while letters are followed, nor for another head", async () => {
    const { session, frames } = open();
    await frames()[0]?.answer(ok());
    const seen = new Set<boolean>();
    session.behind.subscribe((behind) => seen.add(behind));
    for (const [letter, text] of ["The", "The ", "The r", "The ri", "The riv"].entries()) {
      session.edit(text, [text.length, text.length], 0);
      await settle(140);
      if (letter > 0) await frames()[letter]?.answer(ok());
    }
    await frames()[5]?.answer(ok());
    session.pinHead(0, 1);
    await settle(1000);
    expect([...seen]).toEqual([false]);
  });

  it("keeps quiet about a session that has ended", async () => {
    const { session, frames, life } = open();
    await frames()[0]?.answer(ok());
    session.edit("The river", [9, 9], 0);
    life.abort();
    await settle(1000);
    expect(session.behind.value).toBe(false);
  });
});
