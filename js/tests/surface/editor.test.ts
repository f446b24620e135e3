// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import type { Request } from "../../src/wire/types";
import { settle } from "../clock";
import { frameBytes } from "../frames";
import { mounted } from "../mounted";
import { press } from "../press";

afterEach(() => document.body.replaceChildren());

async function editor(state: Record<string, unknown> = {}) {
  const { model, host, close } = mounted(state);
  await settle();
  const area = (field = 0) =>
    host.querySelector(`.aw-field[data-field="${field}"] textarea`) as HTMLTextAreaElement;
  const put = (text: string, inputType: string, field = 0) => {
    const control = area(field);
    control.dispatchEvent(new InputEvent("beforeinput", { inputType, bubbles: true, cancelable: true }));
    control.setRangeText(text, control.selectionStart, control.selectionEnd, "end");
    control.dispatchEvent(new InputEvent("input", { inputType, bubbles: true }));
  };
  const all = (field = 0) => area(field).setSelectionRange(0, area(field).value.length);
  const undo = (target: Element = area()) => press(target, "z", { ctrlKey: true });
  const redo = (target: Element = area()) => press(target, "Z", { ctrlKey: true, shiftKey: true });
  const menu = host.querySelector(".aw-examples > button") as HTMLButtonElement;
  const choose = async (place: number) => {
    menu.click();
    await settle();
    const item = host.querySelectorAll(".aw-examples [role=menuitem]")[place] as HTMLButtonElement;
    item.click();
    return menu;
  };
  return { model, host, close, area, put, all, press, undo, redo, choose, menu };
}

describe("undo", () => {
  it("gives the user's text back in order after pastes, an example, Python and letters, and goes forward", async () => {
    const { model, area, put, all, undo, redo, choose, close } = await editor();
    const texts = [area().value];
    const now = () => texts.push(area().value);
    area().focus();
    all();
    put("First pasted text here.", "insertFromPaste");
    now();
    put(" And a second.", "insertFromPaste");
    now();
    await choose(1);
    now();
    put("!", "insertText");
    now();
    model.set("text", "Python says this");
    now();
    put("?", "insertText");
    now();
    expect(new Set(texts).size).toBe(7);
    for (const text of texts.slice(0, -1).reverse()) {
      expect(undo().defaultPrevented).toBe(true);
      expect([area().value, model.state.text]).toEqual([text, text]);
    }
    undo();
    expect(area().value).toBe(texts[0]);
    expect([area().selectionStart, area().selectionEnd]).toEqual([0, 14]);
    for (const text of texts.slice(1)) {
      redo();
      expect([area().value, model.state.text]).toEqual([text, text]);
    }
    close();
  });

  it("takes menus and browsers that do not ask for what they mean", async () => {
    const { area, put, close } = await editor();
    put(" one", "insertText");
    const event = new InputEvent("beforeinput", {
      inputType: "historyUndo",
      bubbles: true,
      cancelable: true,
    });
    area().dispatchEvent(event);
    expect([event.defaultPrevented, area().value]).toEqual([true, "The river bank"]);
    area().value = "gaThe rirbled";
    area().dispatchEvent(new InputEvent("input", { inputType: "historyRedo", bubbles: true }));
    expect(area().value).toBe(" oneThe river bank");
    close();
  });

  it("brings a second text back that was taken away, and knows which text was changed", async () => {
    const { model, host, area, put, undo, close } = await editor({ pair: "so she walked" });
    put("X", "insertText");
    put("Y", "insertText", 1);
    host.querySelector<HTMLElement>(".aw-remove")?.click();
    await settle(20);
    expect(model.state.pair).toBe("");
    undo();
    await settle(20);
    expect([model.state.pair, area(1).value]).toEqual(["Yso she walked", "Yso she walked"]);
    undo();
    expect([model.state.text, model.state.pair]).toEqual(["XThe river bank", "so she walked"]);
    undo(area(1));
    expect([model.state.text, document.activeElement === area()]).toEqual(["The river bank", true]);
    close();
  });

  it("reaches a text that was too long to be sent, and the one before it", async () => {
    const { model, area, put, all, undo, redo, close } = await editor();
    const vast = "word ".repeat(320_000);
    all();
    put(vast, "insertFromPaste");
    expect([area().value.length, model.state.text]).toEqual([vast.length, "The river bank"]);
    undo();
    expect(area().value).toBe("The river bank");
    redo();
    expect(area().value.length).toBe(vast.length);
    undo();
    close();
  });

  it("works from the list of examples, where the focus is after a choice, and leaves it there", async () => {
    const { area, undo, choose, close } = await editor();
    const button = await choose(2);
    expect(area().value).not.toBe("The river bank");
    undo(button);
    expect([area().value, document.activeElement]).toEqual(["The river bank", button]);
    close();
  });
});

describe("an input method", () => {
  const compose = (area: HTMLTextAreaElement, text: string) => {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "select");
    area.dispatchEvent(new InputEvent("input", { inputType: "insertCompositionText", bubbles: true }));
  };
  const begin = (area: HTMLTextAreaElement) => {
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
    area.dispatchEvent(new Event("compositionstart", { bubbles: true }));
  };
  const end = (area: HTMLTextAreaElement) =>
    area.dispatchEvent(new Event("compositionend", { bubbles: true }));

  it("is told to nobody before it has ended, while the colours stay under the text", async () => {
    const { model, host, area, undo, close } = await editor();
    const heard: unknown[] = [];
    model.on("change:text", ((_: unknown, value: unknown) => heard.push(value ?? model.state.text)) as never);
    begin(area());
    for (const half of ["に", "にほ", "にほん", "日本"]) {
      compose(area(), half);
      expect(model.state.text).toBe("The river bank");
    }
    await settle(20);
    expect(host.querySelector(".aw-mirror > span")?.textContent).toBe("The river bank日本\u200b");
    expect(heard).toEqual([]);
    end(area());
    expect(model.state.text).toBe("The river bank日本");
    undo();
    expect([area().value, model.state.text]).toEqual(["The river bank", "The river bank"]);
    close();
  });

  it("is not disturbed by a text from Python, which comes in when it has ended; undo has what was written", async () => {
    const { model, area, undo, redo, close } = await editor();
    begin(area());
    compose(area(), "にほ");
    model.set("text", "Python says this");
    expect(area().value).toBe("The river bankにほ");
    compose(area(), "日本");
    expect([area().value, model.state.text]).toEqual(["The river bank日本", "Python says this"]);
    end(area());
    expect([area().value, model.state.text]).toEqual(["Python says this", "Python says this"]);
    undo();
    expect([area().value, model.state.text]).toEqual(["The river bank日本", "The river bank日本"]);
    undo();
    expect(area().value).toBe("The river bank");
    redo();
    redo();
    expect([area().value, model.state.text]).toEqual(["Python says this", "Python says this"]);
    close();
  });
});

describe("the menu of examples", () => {
  const titles = (host: HTMLElement) =>
    [...host.querySelectorAll(".aw-examples [role=menuitem] b")].map((title) => title.textContent);
  const focused = () => document.activeElement?.querySelector("b")?.textContent;

  it("is folded, and letters do nothing there; unfolded it says what each text is", async () => {
    const { host, area, menu, press, close } = await editor();
    press(menu, "w");
    expect([titles(host), area().value]).toEqual([[], "The river bank"]);
    menu.click();
    await settle();
    expect(titles(host)).toEqual(["The bank of the river", "A few words", "Emoji and Arabic"]);
    expect(host.querySelectorAll(".aw-examples [role=menuitem]")[1]?.textContent).toContain("the cat sat on");
    close();
  });

  it("is walked by keys, and changes nothing until one is chosen", async () => {
    const { host, area, menu, press, close } = await editor();
    const [bank, few, emoji] = ["The bank of the river", "A few words", "Emoji and Arabic"];
    menu.focus();
    press(menu, "ArrowDown");
    await settle();
    const walk = ["ArrowDown", "End", "ArrowDown", "ArrowUp", "Home", "a", "x"].map((key) => {
      press(document.activeElement as Element, key);
      return focused();
    });
    expect(walk).toEqual([few, emoji, bank, emoji, bank, few, few]);
    press(document.activeElement as Element, "Escape");
    await settle();
    expect([titles(host), document.activeElement, area().value]).toEqual([[], menu, "The river bank"]);
    press(menu, "ArrowUp");
    await settle();
    (document.activeElement as HTMLButtonElement).click();
    await settle();
    expect([titles(host), document.activeElement, area().value]).toEqual([
      [],
      menu,
      expect.stringContaining("second line"),
    ]);
    close();
  });
});

describe("newlines and signs that no control shows", () => {
  it("keeps the newlines of a text from Python while it is edited", async () => {
    const { model, area, close } = await editor({ text: "one\r\ntwo\rthree" });
    area().value = "one\ntwoX\nthree";
    area().setSelectionRange(8, 8);
    area().dispatchEvent(new InputEvent("input", { inputType: "insertText", bubbles: true }));
    expect(model.state.text).toBe("one\r\ntwoX\rthree");
    const asked = model.sent.filter((content) => (content as { kind: string }).kind === "frame").at(-1);
    expect((asked as { caret: unknown }).caret).toEqual([9, 9]);
    close();
  });

  it("keeps the caret beside what a text from Python left alone", async () => {
    const { model, area, close } = await editor({ text: "a b c d" });
    area().setSelectionRange(7, 7);
    model.set("text", "a longer c d");
    expect([area().value, area().selectionStart, area().selectionEnd]).toEqual(["a longer c d", 12, 12]);
    close();
  });
});

describe("what is worth knowing of the text", () => {
  it("stands under it, a line each, and is told politely", async () => {
    const { model, host, close } = mounted();
    const { kernel } = model;
    if (kernel === null) throw new Error("no kernel");
    const own = kernel.answer.bind(kernel);
    const notes = ["This text begins twice.", "And ends <b>once</b>."];
    kernel.answer = (request: Request) =>
      request.kind === "frame" ? { content: {}, buffers: [frameBytes({ notes }) as never] } : own(request);
    model.set("layer", 1);
    await settle();
    const said = host.querySelector('.aw-notes[aria-live="polite"]');
    expect([...(said?.children ?? [])].map((line) => line.textContent)).toEqual(notes);
    close();
  });
});
