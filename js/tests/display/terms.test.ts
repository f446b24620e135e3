// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { terms } from "../../src/lib/terms";
import { settle } from "../clock";
import { mounted } from "../mounted";

afterEach(() => document.body.replaceChildren());

async function shown() {
  const page = mounted();
  await settle();
  const term = (text: string) =>
    [...page.host.querySelectorAll<HTMLElement>(".aw-term")].find(({ textContent }) => textContent === text);
  const tip = () => page.host.querySelector<HTMLElement>(".aw-term-tip:not([hidden])");
  return { ...page, term, tip };
}

describe("a word of the explorer's own", () => {
  it.each(["focus", "pointerenter", "click"])("is explained on %s", async (way) => {
    const { term, tip, close } = await shown();
    expect(tip()).toBeNull();
    term("query")?.dispatchEvent(new Event(way, { bubbles: way === "click" }));
    await settle(5);
    expect(tip()?.textContent).toBe(terms.query);
    expect(term("query")?.getAttribute("aria-describedby")).toBe(tip()?.id);
    term("query")?.dispatchEvent(new Event("pointerleave"));
    await settle(5);
    expect(tip()).toBeNull();
    close();
  });

  it("gives way to Escape", async () => {
    const { term, tip, close } = await shown();
    term("query")?.focus();
    await settle(5);
    term("query")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle(5);
    expect(tip()).toBeNull();
    close();
  });

  it("stands in the header, the toolbar, the legend and the facts", async () => {
    const { host, close } = await shown();
    const marked = [...host.querySelectorAll(".aw-term")].map(({ textContent }) => textContent);
    expect(marked).toEqual(expect.arrayContaining(["layers", "heads", "query", "tone", "entropy", "nats"]));
    close();
  });
});

describe("the list of words", () => {
  it("has each of them and every pattern, a sentence each", async () => {
    const { host, close } = await shown();
    host.querySelector<HTMLElement>(".aw-help-button")?.click();
    await settle(5);
    const listed = [...host.querySelectorAll(".aw-help-words dt")].map(({ textContent }) => textContent);
    expect(listed).toEqual(expect.arrayContaining([...Object.keys(terms), "induction"]));
    for (const sentence of host.querySelectorAll(".aw-help-words dd"))
      expect(sentence.textContent).toMatch(/^\S.*\.$/);
    close();
  });
});
