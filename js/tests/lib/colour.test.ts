import { describe, expect, it } from "vitest";
import {
  behindLetters,
  contrast,
  fullEffect,
  fullTone,
  inkOn,
  mix,
  type Palette,
  palette,
  type Rgb,
  ramp,
  rampColour,
  rgbOf,
  signedTone,
  tone,
} from "../../src/lib/colour";
import {
  count,
  magnitude,
  pieceLabel,
  pieceParts,
  shorten,
  shortWeight,
  signedWeight,
  toneNumber,
  weight,
  wellFormed,
} from "../../src/lib/format";
import { plainLook } from "../../src/session/look";
import { files, text } from "../files";

const accents = ({ reads, readBy, effectHurts, effectHelps }: Palette) => [
  reads,
  readBy,
  effectHurts,
  effectHelps,
];

describe("colour", () => {
  it("runs from the first stop to the last", () => {
    const table = ramp([
      [0, 0, 0],
      [100, 50, 20],
    ]);
    expect(rampColour(table, 0)).toEqual([0, 0, 0]);
    expect(rampColour(table, 1)).toEqual([100, 50, 20]);
  });

  it.each([true, false])("gets only darker or only brighter (dark: %s)", (dark) => {
    for (const { ramp: table } of accents(palette(dark, "x"))) {
      const ground: Rgb = dark ? [17, 21, 25] : [255, 255, 255];
      let last = 0;
      for (let step = 0; step <= 16; step++) {
        const now = contrast(rampColour(table, step / 16), ground);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
    }
  });

  it("has a square-root tone that is clipped, and none for nothing", () => {
    expect(tone(0.25, 1)).toBe(0.5);
    expect(tone(2, 1)).toBe(1);
    expect([tone(0, 1), tone(Number.NaN, 1), tone(1, 0)]).toEqual([0, 0, 0]);
    expect(signedTone(-0.25, 1)).toBe(0.25);
  });

  it.each([false, true])(
    "looks behind letters as in a cell, up to a tenth of the full weight; dark: %s",
    (dark) => {
      const colours = palette(dark, "Test");
      for (const accent of accents(colours))
        for (const weight of [0.01, 0.05, 0.1]) {
          const behind = mix(rgbOf(accent.mark), behindLetters(tone(weight, 1)), rgbOf(colours.ground));
          const cell = rampColour(accent.ramp, tone(weight, 1));
          for (const channel of [0, 1, 2] as const)
            expect(Math.abs(behind[channel] - cell[channel])).toBeLessThan(30);
        }
      expect([0, 1].map(behindLetters)).toEqual([0, 1]);
    },
  );

  it("paints nothing of less than a thousandth of the full tone, whichever that is", () => {
    expect([tone(0.0009, 1), tone(0.0011, 1) > 0, signedTone(-0.0009, 1)]).toEqual([0, true, 0.5]);
    expect(tone(0.0009, 0.001)).toBeGreaterThan(0.9);
  });

  it.each([false, true])("has no colour for no effect, violet for one that hurts; dark: %s", (dark) => {
    const { effect, effectHurts, effectHelps, ground } = palette(dark, "Test");
    const near = (one: Rgb, other: Rgb) =>
      one.every((channel, place) => Math.abs(channel - (other[place] ?? 0)) <= 3);
    const at = (value: number) => rampColour(effect, signedTone(value, 1));
    expect(near(at(0), rgbOf(ground))).toBe(true);
    for (const size of [0.04, 0.25, 1]) {
      expect(near(at(size), rampColour(effectHurts.ramp, tone(size, 1)))).toBe(true);
      expect(near(at(-size), rampColour(effectHelps.ramp, tone(size, 1)))).toBe(true);
    }
    expect([fullEffect([-0.6, 0.3, Number.NaN]), fullEffect([0.001])]).toEqual([0.6, 0.1]);
  });

  it("has 1 at its full tone unless something else is wished", () => {
    expect([fullTone(plainLook.scale, 0.03), fullTone(0.5, 0.03), fullTone("stretch", 0.03)]).toEqual([
      1, 0.5, 0.03,
    ]);
    expect([1, 0.25, 0.0085, 0.0000012].map(toneNumber)).toEqual(["1", ".25", ".0085", ".0000012"]);
    expect([-1, -0.25, 0, 0.25].map((change) => signedWeight(change, toneNumber))).toEqual([
      "−1",
      "−.25",
      "0",
      "+.25",
    ]);
  });

  it("prints legible numbers on every colour", () => {
    for (const dark of [true, false]) {
      for (const { ramp: table } of accents(palette(dark, "x"))) {
        for (let step = 0; step <= 32; step++) {
          const ground = rampColour(table, step / 32);
          const ink: Rgb = inkOn(ground) === "#ffffff" ? [255, 255, 255] : [20, 20, 20];
          expect(contrast(ground, ink)).toBeGreaterThan(4.2);
        }
      }
    }
  });
});

const sheet = text("src/style/theme.css");

function hex(code: string): Rgb {
  return [1, 3, 5].map((place) => Number.parseInt(code.slice(place, place + 2), 16)) as unknown as Rgb;
}

function themes(): Record<string, string>[] {
  const read = (block: string) =>
    Object.fromEntries(
      [...block.matchAll(/--aw-([\w-]+):[^;]*?(#[0-9a-f]{6})\)*;/g)].map(([, name, code]) => [name, code]),
    );
  const [light = "", dark = ""] = sheet.split('.attnwidget[data-theme="dark"]');
  return [read(light), { ...read(light), ...read(dark) }] as Record<string, string>[];
}

describe("the style sheet", () => {
  it.each(themes().map((theme, index) => [index === 0 ? "light" : "dark", theme] as const))(
    "%s: text is AA",
    (_, theme) => {
      const of = (name: string) => hex(theme[name] as string);
      for (const name of ["own-text", "reads", "read-by", "hurts", "helps", "good", "bad"])
        expect(contrast(of(name), of("ground")), name).toBeGreaterThan(4.5);
      expect(contrast(of("reads"), of("reads-tint")), "reads pressed").toBeGreaterThan(4.5);
      expect(contrast(of("read-by"), of("read-by-tint")), "read by pressed").toBeGreaterThan(4.5);
      expect(contrast(of("hurts"), of("hurts-tint")), "a chip").toBeGreaterThan(4.5);
      expect(contrast(of("helps"), of("helps-tint")), "what helps").toBeGreaterThan(4.5);
      // The text stands on its own heat, at every tone up to the full one.
      const marks = ["reads", "read-by", "hurts", "helps"].flatMap((name) => [
        `${name}-mark`,
        `${name}-mark-2`,
      ]);
      for (const name of marks) {
        expect(contrast(of("own-text"), of(name)), name).toBeGreaterThan(4.5);
      }
    },
  );

  it("scopes every selector", () => {
    for (const file of files("src").filter((name) => name.endsWith(".css"))) {
      const css = text(file).replace(/\/\*[\s\S]*?\*\//g, "");
      for (const [, selectors = ""] of css.matchAll(/(?:^|[{}])\s*([^{}@;]+?)\s*\{/g)) {
        for (const selector of selectors.split(/,(?![^(]*\))/))
          expect(selector.trim()).toMatch(/^\.attnwidget|:has\(\.attnwidget\)/);
      }
    }
  });
});

describe("format", () => {
  it("makes white space and controls legible", () => {
    expect([" ", "\n", "\n\n", " bank", "a\tb", "\u0000", "", "\u200d"].map(pieceLabel)).toEqual([
      "␣",
      "⏎",
      "⏎⏎",
      "bank",
      "a⇥b",
      "␀",
      "∅",
      "U+200D",
    ]);
    expect(pieceLabel("<b>")).toBe("<b>");
    expect(pieceParts(" the")).toEqual({ space: "␣", rest: "the" });
    expect(pieceParts("the")).toEqual({ space: "", rest: "the" });
  });

  it("never says a false zero", () => {
    expect([0.2553, 0.0001, 0, Number.NaN].map(weight)).toEqual(["0.255", "<0.001", "0.000", "–"]);
    expect([0.26, 1, 0.999].map(shortWeight)).toEqual([".26", "1", "1"]);
    expect(magnitude(2.1e-7)).toBe("3e-7"); // a bound, never below the error
    expect(magnitude(2e-7)).toBe("2e-7");
    expect(magnitude(9.6e-7)).toBe("1e-6");
    expect(magnitude(9.1e-7)).toBe("1e-6");
  });

  it("shortens by characters, not by halves of them", () => {
    expect(shorten("👋👋👋👋", 3)).toBe("👋👋…");
    expect(count(1, "token")).toBe("1 token");
    expect(count(2000, "token")).toBe("2,000 tokens");
  });

  it("replaces lone surrogates by something of the same length", () => {
    expect(wellFormed("a\ud800b👋")).toBe("a\ufffdb👋");
  });
});
