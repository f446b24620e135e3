// @vitest-environment happy-dom

import { afterEach, describe, expect, it, vi } from "vitest";
import { watchEnvironment } from "../../src/display/environment";
import { groundOf } from "../../src/display/ground";
import { palette, type Rgb, rampColour, rgbOf, signedTone } from "../../src/lib/colour";
import { until } from "../until";

const contrasts = (colour: Rgb) => colour[0] * 0.2126 + colour[1] * 0.7152 + colour[2] * 0.0722;

describe.each([
  ["white", false, "#ffffff"],
  ["sepia", false, "#f4ecd8"],
  ["green", false, "#cce8cf"],
  ["own dark", true, "#14181d"],
  ["dark blue", true, "#0b1e3b"],
  ["black", true, "#000000"],
] as const)("on a ground that is %s", (_, dark, code) => {
  const ground = rgbOf(code);
  const colours = palette(dark, "x", ground);
  const ramps = [colours.reads.ramp, colours.readBy.ramp];

  it("nothing is the ground itself, in each ramp", () => {
    for (const table of ramps) expect(rampColour(table, 0)).toEqual(ground);
    // Of 256 colours none stands in the middle: the two next to it are as near as can be.
    const zero = rampColour(colours.signed, signedTone(0, 1));
    for (const place of [0, 1, 2] as const)
      expect(Math.abs(zero[place] - ground[place])).toBeLessThanOrEqual(2);
    expect(colours.ground).toBe(code);
  });

  it("more is ever further from it", () => {
    for (const table of ramps) {
      const away = Array.from({ length: 17 }, (_, step) => contrasts(rampColour(table, step / 16)));
      expect(away).toEqual([...away].sort((one, other) => (dark ? one - other : other - one)));
    }
  });
});

describe("the ground of an element", () => {
  afterEach(() => document.body.replaceChildren());

  it("is behind all that is transparent, and mixed with what is not quite", () => {
    document.body.innerHTML = `<div style="background-color: rgb(244, 236, 216)"><p><i></i><b style="background-color: rgba(0, 0, 0, 0.5)"></b></p></div>`;
    expect(groundOf(document.querySelector("i") as Element)).toEqual([244, 236, 216]);
    expect(groundOf(document.querySelector("b") as Element)).toEqual([122, 118, 108]);
  });

  it("is not known where nothing has a colour", () => {
    expect(groundOf(document.body)).toBeNull();
  });

  it("is followed when the page changes its style", async () => {
    const root = document.body.appendChild(document.createElement("div"));
    const life = new AbortController();
    const { ground, dark } = watchEnvironment(root, life.signal);
    document.body.style.backgroundColor = "rgb(11, 30, 59)";
    await until(() => expect(ground.value).toEqual([11, 30, 59]));
    expect(dark.value).toBe(true); // of hosts that do not say which theme theirs is
    document.body.style.backgroundColor = "rgb(244, 236, 216)";
    await until(() => expect(ground.value).toEqual([244, 236, 216]));
    expect(dark.value).toBe(false);
    document.body.dataset.theme = "dark";
    await until(() => expect(dark.value).toBe(true)); // what is said goes before what is seen
    delete document.body.dataset.theme;
    await until(() => expect(dark.value).toBe(false));
    life.abort();
    document.body.removeAttribute("style");
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(ground.value).toEqual([244, 236, 216]);
  });
});

describe("a palette of JupyterLab's", () => {
  afterEach(() => document.body.removeAttribute("style"));

  const white = "rgb(255, 255, 255)";
  const black = "rgb(17, 17, 17)";

  it.each([
    ["light on a dark page", white, black, true, "initial"],
    ["dark on a light page", black, white, false, "initial"],
    ["light on a light page", white, white, false, ""],
    ["dark on a dark page", black, black, true, ""],
    ["see-through", "transparent", black, true, ""],
    ["not there", "", black, true, ""],
  ])("that is %s", (_, brought, ground, isDark, own) => {
    document.body.style.cssText = `background-color: ${ground}; --jp-layout-color0: ${brought}`;
    const root = document.body.appendChild(document.createElement("div"));
    const life = new AbortController();
    const { dark } = watchEnvironment(root, life.signal);
    expect(dark.value).toBe(isDark);
    expect(root.style.getPropertyValue("--jp-layout-color0")).toBe(own);
    life.abort();
    root.remove();
  });

  it("is taken again when the page becomes what it says", async () => {
    document.body.style.cssText = `background-color: ${white}; --jp-layout-color0: ${black}`;
    const root = document.body.appendChild(document.createElement("div"));
    const life = new AbortController();
    watchEnvironment(root, life.signal);
    expect(root.style.getPropertyValue("--jp-layout-color0")).toBe("initial");
    document.body.style.backgroundColor = black;
    await until(() => expect(root.style.getPropertyValue("--jp-layout-color0")).toBe(""));
    life.abort();
    root.remove();
  });
});

describe("the screen's resolution", () => {
  it("is followed from screen to screen, though the window keeps its size", () => {
    const asked: { query: string; change: (() => void) | null }[] = [];
    const matchMedia = vi.spyOn(window, "matchMedia").mockImplementation((query) => {
      const own = { query, change: null as (() => void) | null };
      asked.push(own);
      const addEventListener = (_: string, listener: () => void, { signal }: { signal: AbortSignal }) => {
        own.change = listener;
        signal.addEventListener("abort", () => {
          own.change = null;
        });
      };
      return { matches: false, addEventListener } as never;
    });
    const life = new AbortController();
    const { ratio } = watchEnvironment(document.createElement("div"), life.signal);
    const armed = () => asked.filter(({ query, change }) => query.includes("resolution") && change !== null);
    const before = window.devicePixelRatio;
    for (const next of [1.25, 2, 1.1]) {
      Object.defineProperty(window, "devicePixelRatio", { configurable: true, value: next });
      armed()[0]?.change?.();
      expect(ratio.value).toBe(next);
      expect(armed().map(({ query }) => query)).toEqual([`(resolution: ${next}dppx)`]);
    }
    life.abort();
    expect(asked.filter(({ change }) => change !== null)).toEqual([]);
    Object.defineProperty(window, "devicePixelRatio", { configurable: true, value: before });
    matchMedia.mockRestore();
  });
});
