import { describe, expect, it } from "vitest";
import { contrast, palette, type Rgb, rampColour } from "../../src/lib/colour";
import { files, text as read } from "../files";

const css = read("src/style/theme.css");

const hex = (code: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(code.slice(at, at + 2), 16)) as unknown as Rgb;
const mix = (one: Rgb, share: number, other: Rgb): Rgb =>
  one.map((channel, index) => channel * share + (other[index] as number) * (1 - share)) as unknown as Rgb;

/** The colours of the style sheet: the dark ones stand over the light ones. */
function theme(dark: boolean): (name: string) => Rgb {
  const [light = "", night = ""] = css.split('[data-theme="dark"]');
  const named = (text: string) =>
    new Map([...text.matchAll(/--aw-([\w-]+): (#\w{6});/g)].map(([, name, code]) => [name, code] as const));
  const colours = new Map([...named(light), ...(dark ? named(night) : [])]);
  return (name) => hex(colours.get(name) ?? "missing");
}

const grounds = { light: ["#ffffff"], dark: ["#111519", "#111111", "#1e1e1e"] } as const;
const legible = 4.5;
const visible = 3;

describe.each(["light", "dark"] as const)("in the %s theme", (name) => {
  const colour = theme(name === "dark");
  const ink = colour("own-text");

  describe.each(grounds[name])("on %s", (code) => {
    const ground = hex(code);
    const muted = mix(ink, 0.7, ground);
    const faint = mix(ink, 0.04, ground);
    const pressed = mix(ink, 0.09, ground);

    it.each([
      ["text", ink, ground],
      ["text on what is pressed", ink, pressed],
      ["muted text", muted, ground],
      ["muted text on a band", muted, faint],
      ["reads", colour("reads"), ground],
      ["is read by", colour("read-by"), ground],
      ["reads, pressed", colour("reads"), colour("reads-tint")],
      ["is read by, pressed", colour("read-by"), colour("read-by-tint")],
      ["what the text has", colour("good"), ground],
      ["a problem", colour("bad"), ground],
      ["text at the full heat of reads", ink, colour("reads-mark")],
      ["text at the full heat of is read by", ink, colour("read-by-mark")],
      ["text on a sink of reads", ink, colour("reads-mark-2")],
      ["text on a sink of is read by", ink, colour("read-by-mark-2")],
    ])("%s can be read", (_, one, other) => {
      expect(contrast(one, other)).toBeGreaterThanOrEqual(legible);
    });

    it.each(["reads-ring", "read-by-ring", "reads-bar", "read-by-bar", "expected-bar", "good"])(
      "%s can be seen",
      (part) => {
        expect(contrast(colour(part), ground)).toBeGreaterThanOrEqual(visible);
      },
    );

    it("the canvases' lines and words too", () => {
      const { muted, text: words, reads, readBy } = palette(name === "dark", "sans-serif");
      for (const each of [muted, words, reads.strong, readBy.strong])
        expect(contrast(hex(each), ground), each).toBeGreaterThanOrEqual(
          each === words || each === muted ? legible : visible,
        );
      for (const { ramp } of [reads, readBy])
        expect(contrast(rampColour(ramp, 1), ground)).toBeGreaterThanOrEqual(visible);
    });
  });
});

describe("motion", () => {
  const wanted = /@media \(prefers-reduced-motion: no-preference\) \{[\s\S]*?\n\}/g;
  /** Begins later and takes no time: nothing moves, and its end is an event all the same. */
  const event = /transition: [\w-]+ 0s 1ms !important;/g;

  it.each(files("src").filter((name) => name.endsWith(".css")))(
    "is only where nobody asked for less of it: %s",
    (file) => {
      const still = read(file).replace(wanted, "").replace(event, "");
      expect(still).not.toMatch(/\b(transition|animation|scroll-behavior)\b[\w-]*:/);
    },
  );

  it("is not what tells that the ground has changed", () => {
    const still = read("src/style/frame.css").replace(wanted, "");
    expect(still.match(event)).toEqual(["transition: background-color 0s 1ms !important;"]);
  });
});
