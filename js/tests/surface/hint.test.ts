// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { settle } from "../clock";
import { mounted } from "../mounted";
import { until } from "../until";

afterEach(() => document.body.replaceChildren());

const said = (host: HTMLElement) => host.querySelector(".aw-status")?.textContent ?? "";

async function withExample() {
  const page = mounted();
  await settle();
  page.host.querySelector<HTMLElement>(".aw-examples > button")?.click();
  await settle(5);
  page.host.querySelectorAll<HTMLElement>(".aw-examples [role=menuitem]")[1]?.click();
  await until(() => expect(said(page.host)).toBe("“on” reads “sat”."));
  return page;
}

describe("an example", () => {
  it("comes with its head, its query and its view, and goes with them", async () => {
    const { model, host, close } = await withExample();
    const chosen = () => ["text", "layer", "head", "heads", "query", "view"].map((name) => model.get(name));
    const [undo, redo] = host.querySelectorAll<HTMLElement>(".aw-undo button");
    const example = ["the cat sat on", 1, 2, [[1, 2]], [3, 4], "lines"];
    const before = ["The river bank", 0, 1, [[0, 1]], [0, 1], "matrix"];
    expect([chosen(), undo?.title]).toEqual([example, "Undo: example (Ctrl+Z)"]);
    for (const [button, expected] of [
      [undo, before],
      [redo, example],
      [undo, before],
    ] as const) {
      button?.click();
      await settle();
      expect(chosen()).toEqual(expected);
      expect(host.querySelector("textarea")?.value).toBe(expected[0]);
    }
    expect(undo?.getAttribute("aria-disabled")).toBe("true");
    close();
  });

  it.each([".aw-tabs button", ".aw-segmented button[data-value=read_by]"])(
    "says no more once somebody chooses for himself: %s",
    async (place) => {
      const { host, close } = await withExample();
      host.querySelector<HTMLElement>(place)?.click();
      await until(() => expect(said(host)).toBe(""));
      close();
    },
  );
});

describe("an explorer that opened by itself", () => {
  it("says why, walks on to where more is to be seen, and leaves off once somebody chooses", async () => {
    const { model, host, close } = mounted({ head: 3, query: [2, 3] }, "seen");
    const next = () => host.querySelector<HTMLElement>(".aw-next");
    await until(() => expect(said(host)).toContain("Opened at L0H3, which reads the token before ("));
    expect(next()?.textContent).toBe("go on to L1H1: reads the token after");
    next()?.click();
    await until(() => expect(said(host)).toContain("L1H1 reads the token after ("));
    expect(["layer", "head", "query"].map((name) => model.get(name))).toEqual([1, 1, [1, 2]]);
    next()?.click();
    await until(() => expect(said(host)).toContain("Opened at L0H3"));
    model.set("edits", ["hide 1"]);
    await until(() => expect(said(host)).toBe(""));
    model.set("edits", []);
    await until(() => expect(said(host)).toContain("Opened at L0H3"));
    const grid = host.querySelector(".aw-grid") as HTMLElement;
    for (const key of ["ArrowRight", "ArrowLeft"])
      grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await until(() => expect(next()).toBeNull());
    await settle();
    expect(said(host)).toBe("");
    close();
  });
});
