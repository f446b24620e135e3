// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { keepStill } from "../../src/explorer/still";
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
async function kept(className = "jp-OutputArea-child") {
  const opened = open();
  const stands = keepStill(opened.session, opened.ask, opened.life.signal);
  stands(place(className), opened.life.signal);
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
    stands(place("jp-OutputArea-child"), life.signal);
    await settle(1_500);
    expect(stills().length).toBe(2);
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
