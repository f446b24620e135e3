// @vitest-environment happy-dom

import { computed, signal } from "@preact/signals";
import { afterEach, describe, expect, it } from "vitest";
import { createLocal } from "../../src/focus/pointer";
import { keepInSight } from "../../src/surface/keep-in-sight";
import type { Span } from "../../src/wire/types";
import { settle } from "../clock";

afterEach(() => document.body.replaceChildren());

/** A text of a hundred lines, a token each, in a box of five. */
async function longText() {
  document.body.innerHTML = '<div class="attnwidget"><div class="hands"><div class="box"></div></div></div>';
  const [root, hands, box] = [".attnwidget", ".hands", ".box"].map((name) => document.querySelector(name));
  const scroller = box as HTMLElement;
  for (const [name, value] of Object.entries({ clientHeight: 160, scrollHeight: 3200 }))
    Object.defineProperty(scroller, name, { configurable: true, value });
  scroller.scrollTo = (({ top }: { top: number }) => {
    scroller.scrollTop = top;
  }) as never;
  const local = createLocal();
  const query = signal<Span>([50, 51]);
  const name = signal("matrix");
  const both = signal({ asks: true, answers: true });
  const derived = {
    fields: [both, both],
    matches: signal([]),
    heat: signal(null),
    direction: signal("reads"),
    map: computed(() => ({ direction: "reads", query: query.value })),
    focus: computed((): Span => {
      const { value } = local.hoverToken;
      return value === null ? query.value : [value, value + 1];
    }),
  };
  const view = {
    session: {
      traits: { view: name },
      shown: signal(null),
      fault: signal(null),
      continuing: { produced: signal(null) },
      isStale: () => false,
    },
    local,
    derived,
  };
  const surface = { rects: (token: number) => [{ x: 0, y: token * 32, width: 40, height: 32 }] };
  const life = new AbortController();
  keepInSight(view as never, 0, surface as never, scroller, life.signal);
  await settle(50);
  const seen = () => Math.floor((scroller.scrollTop + 80) / 32);
  const say = (element: Element | null | undefined, event: string) =>
    element?.dispatchEvent(new Event(event));
  return { root, hands, scroller, local, query, name, seen, say, life };
}

describe("a text longer than its box", () => {
  it("goes to what is looked at elsewhere, and back to the query when that is left", async () => {
    const { local, seen, life } = await longText();
    expect(seen()).toBe(50);
    local.hoverToken.value = 10;
    await settle(100);
    local.hoverToken.value = null; // only passed over
    await settle(300);
    expect(seen()).toBe(50);
    local.hoverToken.value = 10;
    await settle(300);
    expect(seen()).toBe(10);
    local.hoverToken.value = null;
    local.hoverToken.value = 90;
    await settle(300);
    expect(seen()).toBe(90);
    local.hoverToken.value = null;
    await settle(300);
    expect(seen()).toBe(50);
    life.abort();
  });

  it("goes back from under the pointer once that is gone", async () => {
    const { hands, local, seen, say, life } = await longText();
    local.marked.value = 10;
    await settle(300);
    say(hands, "pointerenter");
    local.marked.value = null;
    await settle(300);
    expect(seen()).toBe(10);
    say(hands, "pointerleave");
    await settle(300);
    expect(seen()).toBe(50);
    life.abort();
  });

  it("stays where somebody has scrolled it, until Esc or another view", async () => {
    const { root, hands, scroller, local, name, seen, say, life } = await longText();
    const scroll = async () => {
      say(hands, "pointerenter");
      say(hands, "wheel");
      scroller.scrollTop = 0;
      local.hoverToken.value = 1;
      await settle(300);
      local.hoverToken.value = null;
      say(hands, "pointerleave");
      await settle(2000);
      expect(scroller.scrollTop).toBe(0);
    };
    await scroll();
    root?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    await settle(50);
    expect(seen()).toBe(50);
    await scroll();
    name.value = "lines";
    await settle(50);
    expect(seen()).toBe(50);
    life.abort();
  });
});
