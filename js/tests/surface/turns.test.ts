// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { settle } from "../clock";
import { marksIn, mounted } from "../mounted";
import { press } from "../press";

afterEach(() => document.body.replaceChildren());

const asked =
  "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nIs it?<|im_end|>\n<|im_start|>assistant\n";

async function chat(text = asked) {
  const { model, host, close } = mounted({ text });
  await settle();
  const areas = () => [...host.querySelectorAll<HTMLTextAreaElement>(".aw-field textarea")];
  const area = (turn: number) => host.querySelector(`textarea[data-turn="${turn}"]`) as HTMLTextAreaElement;
  const put = (control: HTMLTextAreaElement, written: string) => {
    const inputType = "insertText";
    control.dispatchEvent(new InputEvent("beforeinput", { inputType, bubbles: true, cancelable: true }));
    control.setRangeText(written, control.selectionStart, control.selectionEnd, "end");
    control.dispatchEvent(new InputEvent("input", { inputType, bubbles: true }));
  };
  return { model, host, close, areas, area, put };
}

describe("a conversation in the editor", () => {
  it("has a control for every turn but the folded one, which opens on a click", async () => {
    const { host, areas, close } = await chat();
    expect(areas().map(({ value }) => value)).toEqual(["Is it?", ""]);
    const folded = host.querySelector(".aw-folded") as HTMLElement;
    expect(folded.textContent).toBe("Be brief.");
    folded.click();
    await settle();
    expect(areas().map(({ value }) => value)).toEqual(["Be brief.", "Is it?", ""]);
    close();
  });

  it("writes into its place in the text, with the caret there, and goes back by words", async () => {
    const { model, area, put, close } = await chat();
    const control = area(1);
    control.focus();
    control.setSelectionRange(5, 5);
    put(control, " so");
    expect(model.state.text).toBe(asked.replace("it?", "it so?"));
    await settle();
    expect(area(1)).toBe(control);
    put(area(2), "Yes");
    expect(model.state.text).toBe(`${asked.replace("it?", "it so?")}Yes`);
    press(area(2), "z", { ctrlKey: true });
    expect([area(2).value, model.state.text]).toEqual(["", asked.replace("it?", "it so?")]);
    press(area(2), "z", { ctrlKey: true });
    expect([area(1).value, model.state.text]).toEqual(["Is it?", asked]);
    expect(document.activeElement).toBe(control);
    close();
  });

  it("knows where every token stands: in what is said, among the marks, or in the fold", async () => {
    const { host, close } = await chat();
    const marks = marksIn(host);
    expect(marks.flatMap(({ tokens }) => tokens).sort((one, other) => one - other)).toEqual([
      ...marks.flatMap(({ tokens }) => tokens).keys(),
    ]);
    const folded = marks.find(({ text }) => text === "Be brief.");
    expect(folded?.tokens.length).toBe(3);
    expect(marks.filter(({ special }) => !special).map(({ text }) => text)).toEqual(["Is", "it", "?"]);
    close();
  });

  it("goes from turn to turn by arrows, past the fold", async () => {
    const { host, area, close } = await chat();
    area(1).focus();
    area(1).setSelectionRange(6, 6);
    expect(press(area(1), "ArrowRight").defaultPrevented).toBe(true);
    expect(document.activeElement).toBe(area(2));
    press(area(2), "ArrowUp");
    expect([document.activeElement, area(1).selectionStart]).toEqual([area(1), 6]);
    expect(press(area(1), "ArrowLeft").defaultPrevented).toBe(false);
    area(1).setSelectionRange(0, 0);
    press(area(1), "ArrowLeft");
    expect(document.activeElement).toBe(host.querySelector(".aw-folded"));
    close();
  });

  it("becomes more turns where a turn is ended in it, and whoever writes goes on in the right one", async () => {
    const { area, areas, put, close } = await chat();
    area(1).focus();
    area(1).setSelectionRange(2, 2);
    put(area(1), "?<|im_end|>\n<|im_start|>user\n");
    await settle();
    expect(areas().map(({ value }) => value)).toEqual(["Is?", " it?", ""]);
    expect(document.activeElement).toBe(area(2));
    close();
  });

  it("is gone on with by the model: marked, one step of undo, and written anew once the question is another", async () => {
    const { model, host, area, put, close } = await chat();
    const button = () => host.querySelector(".aw-continue") as HTMLButtonElement;
    button().click();
    await settle();
    expect([model.state.text, area(2).value]).toEqual([`${asked} Yes.`, " Yes."]);
    const written = () => marksIn(host).flatMap(({ produced, text }) => (produced ? [[text, produced]] : []));
    expect(written()).toEqual([
      ["Yes", "fresh"],
      [".", "fresh"],
    ]);
    area(1).focus();
    area(1).setSelectionRange(5, 5);
    put(area(1), " so");
    await settle();
    expect(written()[0]).toEqual(["Yes", "stale"]);
    expect(button().textContent).toBe("continue anew ▸");
    button().click();
    await settle();
    expect(model.state.text).toBe(`${asked.replace("it?", "it so?")} Yes.`);
    expect(written()[0]).toEqual(["Yes", "fresh"]);
    press(area(2), " ", { ctrlKey: true });
    await settle();
    expect(area(2).value).toBe(" Yes. Yes.");
    press(area(2), "z", { ctrlKey: true });
    expect(area(2).value).toBe(" Yes.");
    close();
  });

  it("gives way to a plain text, and comes back, with the caret where it was", async () => {
    const { model, areas, area, close } = await chat();
    area(2).focus();
    model.set("text", "The river bank");
    await settle();
    expect(areas().map(({ value }) => value)).toEqual(["The river bank"]);
    model.set("text", asked);
    await settle();
    expect(areas().map(({ value }) => value)).toEqual(["Is it?", ""]);
    close();
  });
});
