// @vitest-environment happy-dom

import { describe, expect, it } from "vitest";
import { latePointer } from "../../src/display/late-pointer";
import { createLocal } from "../../src/focus/pointer";
import { settle } from "../clock";
import { ok, open } from "../opened";

/** Milliseconds of one frame of the screen. */
const frame = 16;

async function pointing() {
  const opened = open();
  await opened.frames()[0]?.answer(ok());
  const local = createLocal();
  const late = latePointer(opened.session, local, opened.life.signal);
  return { ...opened, local, late };
}

describe("the late pointer", () => {
  it("follows in the frame after the next one, all of it at once", async () => {
    const { local, late } = await pointing();
    local.hoverToken.value = 1;
    local.hoverHead.value = { layer: 2, head: 3 };
    await settle(frame);
    expect([late.hoverToken.value, late.hoverHead.value]).toEqual([null, null]);
    await settle(frame);
    expect([late.hoverToken.value, late.hoverHead.value]).toEqual([1, { layer: 2, head: 3 }]);
  });

  it("waits for one that hurries on, but not for long", async () => {
    const { local, late } = await pointing();
    const seen: (number | null)[] = [];
    for (let token = 0; token < 12; token++) {
      local.hoverToken.value = token;
      await settle(frame);
      seen.push(late.hoverToken.value);
    }
    expect(seen.slice(0, 6)).toEqual(Array(6).fill(null));
    expect(seen.at(-1)).toBeGreaterThan(5);
    await settle(2 * frame);
    expect(late.hoverToken.value).toBe(11);
  });

  it("is where the pointer is as soon as another frame is on show", async () => {
    const { session, local, late } = await pointing();
    local.hoverToken.value = 1;
    const { value } = session.shown;
    session.shown.value = value === null ? null : { ...value, order: value.order + 1 };
    expect(late.hoverToken.value).toBe(1);
  });

  it("ends with its signal", async () => {
    const { local, late, life } = await pointing();
    local.hoverToken.value = 1;
    life.abort();
    await settle(4 * frame);
    expect(late.hoverToken.value).toBeNull();
  });
});
