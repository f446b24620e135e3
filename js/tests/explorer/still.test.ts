// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { type DrawStill, keepStill } from "../../src/explorer/still";
import { settle } from "../clock";
import { ok, open } from "../opened";

afterEach(() => document.body.replaceChildren());

/** An element in what JupyterLab makes for an output, or in something else. */
function place(className: string): HTMLElement {
  const around = document.body.appendChild(document.createElement("div"));
  around.className = className;
  return around.appendChild(document.createElement("div"));
}

/** A session whose first frame is on show, in such a place. */
async function kept(className = "jp-OutputArea-child", draw: DrawStill = async () => "matrix") {
  const opened = open();
  const stands = keepStill(opened.session, opened.ask, opened.life.signal);
  stands(place(className), draw, opened.life.signal);
  await opened.frames()[0]?.answer(ok());
  const stills = () => opened.asked.filter(({ request }) => request.kind === "still");
  return { ...opened, stands, stills };
}

describe("the still that a notebook keeps", () => {
  it("is asked for soon after the first frame, then once all is at rest", async () => {
    const { session, stills } = await kept();
    expect(stills().length).toBe(0);
    await settle(300);
    expect(stills().length).toBe(1);
    await stills()[0]?.answer({ status: "ok", reply: null });
    for (const view of ["lines", "layers", "matrix", "lines"]) {
      session.setView(view);
      await settle(1_000);
    }
    expect(stills().length).toBe(1);
    await settle(500);
    expect(stills().length).toBe(2);
    await settle(10_000);
    expect(stills().length).toBe(2);
  });

  it("waits for the frame of what is written", async () => {
    const { session, frames, stills } = await kept();
    session.useText("Another river");
    await settle(10_000);
    expect(stills().length).toBe(0);
    await frames()[1]?.answer(ok());
    await settle(300);
    expect(stills().length).toBe(1);
  });

  it("is asked for again where it gave way, and not after an error", async () => {
    const { stills } = await kept();
    await settle(300);
    await stills()[0]?.answer({ status: "superseded" });
    await settle(1_500);
    expect(stills().length).toBe(2);
    await stills()[1]?.answer({ status: "error", problem: { code: "failed", message: "" } });
    await settle(10_000);
    expect(stills().length).toBe(2);
  });

  it("is asked for where another output shows the explorer too", async () => {
    const { stands, stills, life } = await kept();
    await settle(300);
    await stills()[0]?.answer({ status: "ok", reply: null });
    stands(place("jp-OutputArea-child"), async () => "matrix", life.signal);
    await settle(1_500);
    expect(stills().length).toBe(2);
  });

  it("takes along a picture of what is on the stage, and none where the kernel draws it", async () => {
    let drawn: Awaited<ReturnType<DrawStill>> = { png: new ArrayBuffer(8), caption: "Lines: 1" };
    const { session, stills } = await kept("jp-OutputArea-child", async () => drawn);
    await settle(300);
    expect(stills()[0]?.request).toEqual({ kind: "still", caption: "Lines: 1" });
    expect(stills()[0]?.asking?.buffers?.[0]).toBe(drawn.png);
    await stills()[0]?.answer({ status: "ok", reply: null });
    drawn = "matrix";
    session.setView("layers");
    await settle(10_000);
    expect(stills()[1]?.request).toEqual({ kind: "still" });
    expect(stills()[1]?.asking?.buffers).toBeUndefined();
    expect(stills().length).toBe(2);
  });

  it("has a matrix until what is on the stage can be drawn, however late that is", async () => {
    let looked = 0;
    let drawn: Awaited<ReturnType<DrawStill>> = "later";
    const { stills } = await kept("jp-OutputArea-child", async () => {
      looked++;
      return drawn;
    });
    await settle(300);
    await stills()[0]?.answer({ status: "ok", reply: null });
    await settle(600_000);
    expect(stills().map(({ request }) => request)).toEqual([{ kind: "still" }]);
    expect(looked).toBeLessThan(30);
    drawn = { png: new ArrayBuffer(8), caption: "Flow" };
    await settle(30_000);
    expect(stills()[1]?.request).toEqual({ kind: "still", caption: "Flow" });
    await stills()[1]?.answer({ status: "ok", reply: null });
    await settle(600_000);
    expect(stills().length).toBe(2);
  });

  it("waits until the pointer is away, for a few rests", async () => {
    const drawn = { png: new ArrayBuffer(8), caption: "Lines" };
    let pointed = true;
    const draw: DrawStill = async (anyway) => (pointed && !anyway ? "pointed" : drawn);
    const { session, stills } = await kept("jp-OutputArea-child", draw);
    await settle(300 + 1_500);
    expect(stills().length).toBe(0);
    pointed = false;
    await settle(1_500);
    expect(stills().length).toBe(1);
    await stills()[0]?.answer({ status: "ok", reply: null });
    pointed = true;
    session.setView("lines");
    await settle(4 * 1_500);
    expect(stills().length).toBe(1);
    await settle(1_500);
    expect(stills().length).toBe(2);
  });

  it("sends no picture of what has changed while it was drawn", async () => {
    let give: (picture: { png: ArrayBuffer; caption: string }) => void = () => {};
    const draw = () => new Promise<{ png: ArrayBuffer; caption: string }>((resolve) => (give = resolve));
    const { session, stills } = await kept("jp-OutputArea-child", draw);
    await settle(300);
    session.setView("lines");
    give({ png: new ArrayBuffer(8), caption: "Flow" });
    await settle(1_000);
    expect(stills().length).toBe(0);
    await settle(500);
    give({ png: new ArrayBuffer(8), caption: "Lines" });
    await settle(0);
    expect(stills().map(({ request }) => request)).toEqual([{ kind: "still", caption: "Lines" }]);
  });

  it("is nobody's concern where no output would hide it, nor once all is over", async () => {
    const elsewhere = await kept("output_area");
    await settle(10_000);
    expect(elsewhere.stills().length).toBe(0);
    const over = await kept();
    over.life.abort();
    await settle(10_000);
    expect(over.stills().length).toBe(0);
  });
});
