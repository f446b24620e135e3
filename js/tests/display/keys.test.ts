// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { allKeys } from "../../src/explorer/keys";
import { keyLabel } from "../../src/lib/keys";
import { views } from "../../src/views/registry";
import { settle } from "../clock";
import { mounted } from "../mounted";
import { until } from "../until";

const digits = views.map((_, place) => String(place + 1));
const every = [
  ...[..."abcdefghijklmnopqrstuvwxyz0123456789+-=/?. "].filter((key) => !digits.includes(key)),
  ..."ArrowLeft ArrowRight ArrowUp ArrowDown Home End PageUp PageDown Enter Escape Delete Backspace".split(
    " ",
  ),
  ..."Shift+ArrowLeft Shift+ArrowRight Shift+ArrowUp Shift+ArrowDown".split(" "),
];

/** Where a key is pressed for each place of the table. Views stand on the stage under their own name. */
const selectors: Readonly<Record<string, string>> = {
  grid: ".aw-grid",
  tabs: '[role="tab"]',
  model: ".aw-found",
};
const pictures = ["grid", ...views.map(({ name }) => name)];
const press = (target: Element, key: string, options = {}) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  target.dispatchEvent(event);
  return event;
};
const rowsOf = (name: string) =>
  allKeys.find((place) => place.name === name)?.rows.flatMap(({ keys }) => keys) ?? [];

afterEach(() => document.body.replaceChildren());

describe("the table of keys", () => {
  const places = allKeys.filter(({ name }) => !["anywhere", "text", "search", "pictures"].includes(name));

  it.each(places)("$name takes the keys that it lists, and no others", async ({ name }) => {
    const { host, close } = mounted({
      view: ["grid", "tabs"].includes(name) ? "matrix" : name,
      look: { against: "The bank" },
    });
    await settle();
    const place = selectors[name] ?? `.aw-${name}`;
    await until(() => expect(host.querySelector(place)).not.toBeNull());
    await until(() => expect(host.querySelector('[aria-busy="true"]')).toBeNull());
    const target = host.querySelector(place) as HTMLElement;
    const taken = every.filter((key) => {
      const [bare = key, shiftKey] = [key.replace("Shift+", ""), key.startsWith("Shift+")];
      const { defaultPrevented } = press(target, bare, { shiftKey });
      // A tab that is chosen may not be the one that the key was for, and the list of keys is to be gone again.
      if (key === "?") press(target, key);
      return defaultPrevented;
    });
    const listed = [
      ...rowsOf(name),
      ...(pictures.includes(name) ? [...rowsOf("pictures"), "Escape"] : []),
      "?",
      "/",
    ];
    expect(taken.sort()).toEqual([...new Set(listed)].sort());
    close();
  });

  it.each(["grid", "tabs"])("switches by number to the view of that tab, from the %s", async (place) => {
    const { host, model, close } = mounted({ view: "compare" });
    await settle();
    const target = () => host.querySelector(selectors[place] as string) as HTMLElement;
    const tabs = [...host.querySelectorAll<HTMLElement>('.aw-tabs [role="tab"]')];
    expect(tabs.map((tab) => tab.getAttribute("aria-keyshortcuts"))).toEqual(digits);
    expect(rowsOf("anywhere")).toEqual(expect.arrayContaining(digits));
    expect(tabs.map(({ title }) => title)).toEqual(
      views.map(({ text, shows }, index) => `${text} (${index + 1}): ${shows}`),
    );
    for (const [index, { name }] of views.entries()) {
      const before = document.activeElement;
      expect(
        press(target() ?? host.querySelector(".aw-tabs"), digits[index] as string).defaultPrevented,
      ).toBe(true);
      await settle(5);
      expect(model.get("view")).toBe(name);
      expect(document.activeElement).toBe(before);
      // The grid is away while all heads are looked for.
      if (name === "model") press(host.querySelector(".aw-tabs") as Element, "1");
      await settle(5);
    }
    close();
  });

  it.each(["textarea", "input.aw-number-field"])("leaves numbers to those who write: %s", async (place) => {
    const { host, model, close } = mounted();
    await settle();
    expect(press(host.querySelector(place) as Element, "2").defaultPrevented).toBe(false);
    expect(model.get("view")).toBe("matrix");
    close();
  });

  it("keeps the focus on the stage when the view that had it goes", async () => {
    const { host, model, close } = mounted({ look: { against: "The bank" } });
    await settle();
    const picture = () => host.querySelector<HTMLElement>('[role="tabpanel"] [tabindex="0"]');
    picture()?.focus();
    for (const digit of [...digits.slice(1), "1"]) {
      press(document.activeElement as Element, digit);
      await settle(5);
      const held = document.activeElement?.closest('[role="tabpanel"], [role="tab"]');
      expect([digit, held?.parentElement?.closest(".aw-stage") != null]).toEqual([digit, true]);
    }
    expect(model.get("view")).toBe("matrix");
    picture()?.focus();
    press(document.activeElement as Element, "2");
    await settle(5);
    expect(document.activeElement).toBe(picture());
    close();
  });

  it("names keys as they stand on a keyboard", () => {
    expect(["Shift+ArrowLeft", "+", " ", "Escape", "r"].map(keyLabel)).toEqual([
      "Shift ←",
      "+",
      "Space",
      "Esc",
      "r",
    ]);
  });
});

describe("the list of keys", () => {
  it("opens by ?, takes the focus, and gives it back", async () => {
    const { host, close } = mounted();
    await settle();
    const grid = host.querySelector<HTMLElement>(".aw-grid");
    for (const key of ["Escape", "?"]) {
      grid?.focus();
      press(grid as HTMLElement, "?");
      await settle(5);
      const help = host.querySelector<HTMLElement>(".aw-help");
      expect(document.activeElement).toBe(help);
      expect(help?.querySelectorAll("h3").length).toBe(allKeys.length + 1);
      press(help as HTMLElement, key);
      await settle(5);
      expect(host.querySelector(".aw-help")).toBeNull();
      expect(document.activeElement).toBe(grid);
    }
    close();
  });

  it("closes when the focus goes elsewhere, and leaves it there", async () => {
    const { host, close } = mounted();
    await settle();
    host.querySelector<HTMLElement>(".aw-help-button")?.click();
    await settle(5);
    const grid = host.querySelector<HTMLElement>(".aw-grid");
    grid?.focus();
    await settle(5);
    expect(host.querySelector(".aw-help")).toBeNull();
    expect(document.activeElement).toBe(grid);
    close();
  });

  it("leaves ? to those who write", async () => {
    const { host, close } = mounted();
    await settle();
    const event = press(host.querySelector("textarea") as HTMLElement, "?");
    await settle(5);
    expect([event.defaultPrevented, host.querySelector(".aw-help")]).toEqual([false, null]);
    close();
  });
});

describe("undo", () => {
  it("is of everything outside the text, by key and by button, and of the text alone inside", async () => {
    const { host, model, close } = mounted();
    await settle();
    const grid = host.querySelector<HTMLElement>(".aw-grid") as HTMLElement;
    const [undo, redo] = host.querySelectorAll<HTMLElement>(".aw-undo button");
    expect(undo?.getAttribute("aria-disabled")).toBe("true");
    press(grid, "ArrowDown");
    await settle(1000);
    expect([model.state.layer, undo?.title]).toEqual([1, "Undo: head (Ctrl+Z)"]);
    press(host.querySelector("textarea") as HTMLElement, "z", { ctrlKey: true });
    expect(model.state.layer).toBe(1);
    press(grid, "z", { ctrlKey: true });
    expect(model.state.layer).toBe(0);
    await settle(1000);
    redo?.click();
    expect(model.state.layer).toBe(1);
    await settle(1000);
    expect([undo, redo].map((button) => button?.getAttribute("aria-disabled"))).toEqual(["false", "true"]);
    close();
  });

  it("brings a text back without leading away from where one is", async () => {
    const { host, model, close } = mounted();
    await settle();
    const area = host.querySelector("textarea") as HTMLTextAreaElement;
    area.value = "The river";
    area.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
    await settle(1000);
    const grid = host.querySelector<HTMLElement>(".aw-grid") as HTMLElement;
    grid.focus();
    press(grid, "z", { ctrlKey: true });
    expect([model.state.text, area.value, document.activeElement]).toEqual([
      "The river bank",
      "The river bank",
      grid,
    ]);
    close();
  });
});

describe("keys and the page around", () => {
  it("keeps every key, except those that run a cell", async () => {
    const { host, close } = mounted();
    await settle();
    const seen: string[] = [];
    host.addEventListener("keydown", ({ key }) => void seen.push(key));
    for (const key of every) press(host.querySelector(".aw-grid") as HTMLElement, key);
    expect(seen).toEqual([]);
    for (const held of ["shiftKey", "ctrlKey", "altKey"])
      press(host.querySelector("textarea") as HTMLElement, "Enter", { [held]: true });
    expect(seen).toEqual(["Enter", "Enter", "Enter"]);
    close();
  });

  it.each(["textarea", ".aw-grid"])(
    "lets the notebook's shortcuts pass at %s, and none that edits",
    async (place) => {
      const { host, close } = mounted();
      await settle();
      const root = host.querySelector(".attnwidget") as HTMLElement;
      const target = host.querySelector(place) as HTMLElement;
      const seen: string[] = [];
      // As JupyterLab listens: it looks for the attribute while the key is on its way, and above the explorer.
      const listen = (event: KeyboardEvent) => {
        if (root.dataset.lmSuppressShortcuts === undefined) seen.push(event.key);
      };
      for (const capture of [true, false]) {
        seen.length = 0;
        document.addEventListener("keydown", listen, { capture });
        const pressed = (keys: string, more: KeyboardEventInit) =>
          [...keys].forEach((key) => void press(target, key, { composed: true, ...more }));
        pressed("sbpf,", { ctrlKey: true });
        pressed("C", { ctrlKey: true, shiftKey: true });
        expect(seen.join("")).toBe("sbpf,C");
        seen.length = 0;
        pressed("acvxzyV", { ctrlKey: true });
        pressed("ZV", { ctrlKey: true, shiftKey: true });
        pressed("sbdxS", {});
        pressed("s", { ctrlKey: true, altKey: true });
        pressed("s", { ctrlKey: true, isComposing: true });
        for (const key of ["ArrowLeft", "Backspace", "Home"]) press(target, key, { ctrlKey: true });
        expect(seen).toEqual([]);
        document.removeEventListener("keydown", listen, { capture });
      }
      expect(root.dataset.lmSuppressShortcuts).toBe("true");
      close();
    },
  );

  it("leaves the text for the moment in which a cell is run, and comes back where nobody ran one", async () => {
    const { host, close } = mounted();
    await settle();
    const area = host.querySelector("textarea") as HTMLTextAreaElement;
    let at: Element | null = null;
    const look = () => {
      at = document.activeElement;
    };
    document.addEventListener("keydown", look, { once: true });
    area.focus();
    press(area, "Enter", { ctrlKey: true, composed: true });
    expect(at).toBe(host.querySelector(".attnwidget"));
    await settle(5);
    expect(document.activeElement).toBe(area);
    close();
  });
});
