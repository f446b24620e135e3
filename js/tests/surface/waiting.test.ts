// @vitest-environment happy-dom

import { afterEach, describe, expect, it, vi } from "vitest";
import { settle } from "../clock";
import { mounted } from "../mounted";
import { until } from "../until";

afterEach(() => document.body.replaceChildren());

describe("while a text is read", () => {
  it("what is there is of the text before, and says so; the line says who is waited for", async () => {
    const { model, host, close } = mounted();
    const said = () => host.querySelector(".aw-status")?.textContent;
    const counted = () => host.querySelector(".aw-token-count")?.textContent;
    const behind = () => host.querySelector(".aw-frame")?.hasAttribute("data-behind");
    await until(() => expect(counted()).toBe("3 tokens"));
    const answering = model.send.bind(model);
    const asked: object[] = [];
    vi.spyOn(model, "send").mockImplementation((content) => void asked.push(content as object));
    model.set("text", "The river bank was quiet");
    await settle(250);
    expect([behind(), counted(), said()]).toEqual([false, "3 tokens", ""]);
    await settle(1500);
    expect([behind(), counted(), said()]).toEqual([true, "… tokens", "the model is reading…"]);
    await settle(4000);
    expect(said()).toBe("waiting for the kernel: it may be busy with another cell…");
    for (const content of asked) answering(content);
    await until(() => expect([behind(), counted(), said()]).toEqual([false, "5 tokens", ""]));
    close();
  });
});
