// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { countOf, firstFrom, step } from "../../src/surface/search/steps";
import { settle } from "../clock";
import { marksIn, mounted } from "../mounted";
import { press } from "../press";

const match = (token: number, field: 0 | 1 = 0) => ({ field, tokens: [token, token + 1] as const });

describe("the places of what is searched", () => {
  it("begin where somebody is, and go round", () => {
    const all = [match(2), match(7), match(1, 1)];
    expect(firstFrom(all, null)).toBe(0);
    expect(firstFrom(all, { field: 0, token: 7 })).toBe(1);
    expect(firstFrom(all, { field: 0, token: 8 })).toBe(2);
    expect(firstFrom(all, { field: 1, token: 5 })).toBe(0);
    expect(firstFrom([], null)).toBeNull();
    expect([step(3, 2, 1), step(3, 0, -1), step(3, null, 1), step(3, null, -1), step(0, 0, 1)]).toEqual([
      0,
      2,
      0,
      2,
      null,
    ]);
  });

  it("are counted, also when another text has fewer", () => {
    const all = [match(2), match(7)];
    expect(countOf(all, 1, "a")).toBe("2 of 2");
    expect(countOf(all, 5, "a")).toBe("2 found");
    expect(countOf([], null, "a")).toBe("not found");
    expect(countOf([], null, " ")).toBe("");
  });
});

describe("the search", () => {
  afterEach(() => document.body.replaceChildren());

  async function opened() {
    const { model, host, close } = mounted({ text: "The bank, the river bank and a bank", query: [0, 1] });
    await settle();
    const field = () => host.querySelector(".aw-search-field") as HTMLInputElement;
    const type = async (text: string) => {
      field().value = text;
      field().dispatchEvent(new InputEvent("input", { bubbles: true }));
      await settle(20);
    };
    const found = () => marksIn(host).filter((mark) => mark.found !== null);
    const current = () => found().find((mark) => mark.found === "current")?.token;
    const count = () => host.querySelector(".aw-search-count")?.textContent;
    return { model, host, close, press, field, type, found, current, count };
  }

  it("opens by a key, shows by arrows, and pins by Enter, there and back", async () => {
    const { model, host, close, press, field, type, found, current, count } = await opened();
    const grid = host.querySelector(".aw-grid") as HTMLElement;
    grid.focus();
    expect(press(grid, "/").defaultPrevented).toBe(true);
    await settle(20);
    expect(document.activeElement).toBe(field());
    await type("BANK");
    const places = found().map(({ token }) => token);
    expect(places).toHaveLength(3);
    expect([current(), count()]).toEqual([places[0], "1 of 3"]);
    expect(marksIn(host).find(({ focus }) => focus)?.token).toBe(places[0]);
    expect(model.get("query")).toEqual([0, 1]);

    press(field(), "ArrowDown");
    await settle(20);
    expect([current(), count(), model.get("query")]).toEqual([places[1], "2 of 3", [0, 1]]);
    press(field(), "Enter");
    expect(model.get("query")).toEqual([places[1], (places[1] as number) + 1]);
    press(field(), "Enter");
    expect(model.get("query")).toEqual([places[2], (places[2] as number) + 1]);
    press(field(), "Enter", { shiftKey: true });
    expect(model.get("query")).toEqual([places[1], (places[1] as number) + 1]);

    press(field(), "Escape");
    await settle(20);
    expect([field(), found()]).toEqual([null, []]);
    expect(document.activeElement).toBe(grid);
    close();
  });

  it("keeps Shift+Enter to itself, and leaves the other keys that run a cell and search the page", async () => {
    const { host, close, press, field } = await opened();
    press(host.querySelector(".aw-grid") as HTMLElement, "/");
    await settle(20);
    const out: string[] = [];
    const hear = (event: KeyboardEvent) => out.push(event.key);
    document.addEventListener("keydown", hear);
    press(field(), "Enter", { shiftKey: true });
    press(field(), "Enter", { ctrlKey: true });
    press(field(), "f", { ctrlKey: true });
    press(field(), "a");
    document.removeEventListener("keydown", hear);
    expect(out).toEqual(["Enter", "f"]);
    close();
  });

  it("is a slash for those who write", async () => {
    const { host, close, press, field } = await opened();
    expect(press(host.querySelector("textarea") as HTMLElement, "/").defaultPrevented).toBe(false);
    await settle(20);
    expect(field()).toBeNull();
    close();
  });
});
