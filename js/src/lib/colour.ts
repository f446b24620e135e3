/** Colours as numbers, for the canvases. The style sheet has its own copy of the few that it needs (style/theme.css). */
export type Rgb = readonly [number, number, number];

/** 256 colours, 3 bytes each, from nothing to the most. */
export type Ramp = Uint8Array;

export interface Palette {
  readonly dark: boolean;
  readonly text: string;
  readonly muted: string;
  readonly hairline: string;
  readonly ground: string;
  readonly reads: Accent;
  readonly readBy: Accent;
  /** From the most below zero to the most above; zero is the ground. For numbers with a sign, and nothing else. */
  readonly signed: Ramp;
  /** What a change does to the answer: makes it less likely, */
  readonly effectHurts: Accent;
  /** or more likely. */
  readonly effectHelps: Accent;
  /** From what helps the most to what hurts the most; no effect is the ground. */
  readonly effect: Ramp;
  readonly font: string;
}

export interface Accent {
  readonly strong: string;
  /** The full tone of the text's heat. */
  readonly mark: string;
  readonly ramp: Ramp;
}

export function ramp(stops: readonly Rgb[]): Ramp {
  const table = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    const place = (index / 255) * (stops.length - 1);
    const left = Math.min(Math.floor(place), stops.length - 2);
    const share = place - left;
    for (let channel = 0; channel < 3; channel++) {
      const from = stops[left]?.[channel as 0 | 1 | 2] ?? 0;
      const to = stops[left + 1]?.[channel as 0 | 1 | 2] ?? 0;
      table[index * 3 + channel] = Math.round(from + (to - from) * share);
    }
  }
  return table;
}

export const rgbOf = (code: string): Rgb => [
  Number.parseInt(code.slice(1, 3), 16),
  Number.parseInt(code.slice(3, 5), 16),
  Number.parseInt(code.slice(5, 7), 16),
];

const list = (codes: string): readonly Rgb[] => codes.split(" ").map(rgbOf);

/** From the ground, which stands first, to the most; made for the grounds of our own themes. */
const stops = {
  orangeLight: list("#ffffff #feeddc #fdd6b0 #fcb77d #f79350 #e86f26 #c44e0a #8d3204 #5c1f04"),
  blueLight: list("#ffffff #e3eefb #c5dbf5 #9dc3ed #6fa6e2 #4484cf #2463b0 #154585 #0d2c59"),
  orangeDark: list("#14181d #2b1c10 #4a2910 #743a10 #a44f14 #d56a20 #f78f42 #ffb98a #ffe3cf"),
  blueDark: list("#14181d #122238 #163457 #1b4b80 #2567ad #3b87d6 #6aaaf0 #a3cdf9 #dbebfe"),
  violetLight: list("#ffffff #efe9f7 #dccfee #c1abe0 #a282cf #8459bb #6a3aa3 #4c2380 #311356"),
  tealLight: list("#ffffff #e6efed #cddfdb #aac8c2 #82aca3 #5d9085 #437469 #2d554c #18352f"),
  violetDark: list("#14181d #221a30 #372552 #513479 #6d48a3 #8c63c6 #ad8ae2 #cfb8f3 #ece2fc"),
  tealDark: list("#14181d #172321 #203732 #2d524a #3d7066 #559086 #7bb2a7 #a9d1c8 #d9ece8"),
  belowLight: list("#ffffff #ded0e8 #b08fcb #7b4aa3 #431a68"),
  aboveLight: list("#ffffff #cfe6d3 #86c493 #2f8a4e #0b4f28"),
  belowDark: list("#14181d #4a2d69 #8450b8 #b98ae6 #e6d3fb"),
  aboveDark: list("#14181d #1d4a2e #2c8450 #62c587 #c6f3d3"),
} as const;

const own = { light: rgbOf("#ffffff"), dark: rgbOf("#14181d") } as const;
const inks = { light: rgbOf("#1f2328"), dark: rgbOf("#e6e8eb") } as const;

export function palette(dark: boolean, font: string, ground: Rgb = dark ? own.dark : own.light): Palette {
  const text = dark ? inks.dark : inks.light;
  const on = (made: readonly Rgb[]) => made.map((colour) => onGround(colour, dark, ground));
  const both = (below: readonly Rgb[], above: readonly Rgb[]) =>
    ramp([...on(below).reverse(), ...on(above).slice(1)]);
  const common = {
    dark,
    font,
    text: hexOf(text),
    muted: hexOf(mix(text, 0.7, ground)),
    hairline: hexOf(mix(text, 0.13, ground)),
    ground: hexOf(ground),
  };
  return dark
    ? {
        ...common,
        reads: { strong: "#ff9145", mark: "#a24c0e", ramp: ramp(on(stops.orangeDark)) },
        readBy: { strong: "#6aaaf0", mark: "#2a62a8", ramp: ramp(on(stops.blueDark)) },
        signed: both(stops.belowDark, stops.aboveDark),
        effectHurts: { strong: "#b795ec", mark: "#7249a9", ramp: ramp(on(stops.violetDark)) },
        effectHelps: { strong: "#7bb2a7", mark: "#3b6c62", ramp: ramp(on(stops.tealDark)) },
        effect: both(stops.tealDark, stops.violetDark),
      }
    : {
        ...common,
        reads: { strong: "#d4540a", mark: "#ee7f38", ramp: ramp(on(stops.orangeLight)) },
        readBy: { strong: "#2463b0", mark: "#6aa4e6", ramp: ramp(on(stops.blueLight)) },
        signed: both(stops.belowLight, stops.aboveLight),
        effectHurts: { strong: "#6a3aa3", mark: "#a282cf", ramp: ramp(on(stops.violetLight)) },
        effectHelps: { strong: "#37695e", mark: "#7eaaa0", ramp: ramp(on(stops.tealLight)) },
        effect: both(stops.tealLight, stops.violetLight),
      };
}

/** A colour as it looks on another ground: laid over a light one as ink is, added to a dark one as light is. */
function onGround(colour: Rgb, dark: boolean, ground: Rgb): Rgb {
  const channel = (place: 0 | 1 | 2) =>
    dark
      ? 255 - ((255 - colour[place]) * (255 - ground[place])) / (255 - own.dark[place])
      : (colour[place] * ground[place]) / own.light[place];
  return [channel(0), channel(1), channel(2)].map((value) =>
    Math.max(0, Math.min(255, value)),
  ) as unknown as Rgb;
}

/** So much of one colour, the rest of another. */
export function mix(one: Rgb, share: number, other: Rgb): Rgb {
  const channel = (place: 0 | 1 | 2) => Math.round(one[place] * share + other[place] * (1 - share));
  return [channel(0), channel(1), channel(2)];
}

export function hexOf(colour: Rgb): string {
  return `#${colour.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;
}

export function accent(colours: Palette, direction: "reads" | "read_by"): Accent {
  return direction === "reads" ? colours.reads : colours.readBy;
}

/** What the tone of a token is of, where it is of no weight: a change of one, or an effect on the answer. */
export type Way = "more" | "less" | "hurts" | "helps";

/** The full tone of what is read more than before, or less; of what hurts the answer, or helps it. */
export function wayMark({ signed, effectHurts, effectHelps }: Palette, way: Way): string {
  if (way === "hurts") return effectHurts.mark;
  if (way === "helps") return effectHelps.mark;
  return hexOf(rampColour(signed, way === "more" ? 0.75 : 0.25));
}

/** What has the full tone: a weight, or the largest outside sinks that the query has, in all that is painted with it. */
export type ToneScale = number | "stretch";

/** The weight of the full tone. By default 1, so that a number looks the same in every view, head and text. */
export function fullTone(scale: ToneScale, largest: number): number {
  return scale === "stretch" ? largest : scale;
}

/** The shares of the full tone that a legend prints. */
export const toneSteps = [0.01, 0.05, 0.25, 1] as const;

/** The same of numbers with a sign. */
export const signedSteps = [-1, -0.25, -0.05, 0, 0.05, 0.25, 1] as const;

/** Of the full tone: less is not painted, as nobody could tell it from nothing. */
export const faintest = 0.001;

/** The place of a weight on a ramp, 0 to 1: its square root, as everywhere (attnwidget/tones.py). */
export function tone(value: number, full: number): number {
  const share = full > 0 ? value / full : 0;
  return share >= faintest ? Math.min(1, Math.sqrt(share)) : 0;
}

/**
 * How opaque the ground of a letter is, at a tone. Up to a quarter of the full weight it looks nearly as the cell of a matrix
 * does; then it nears the orange that letters can still be read on, where the ramp of cells goes on to nearly black.
 */
export function behindLetters(tone: number): number {
  return tone * (1.75 - 0.75 * tone);
}

/** The least effect, in nats, that may have the full tone: of small ones the largest is small too. */
const leastFullEffect = 0.1;

/** The effect that has the full tone, on either side: the largest of those shown together. */
export function fullEffect(effects: Iterable<number>): number {
  let largest = leastFullEffect;
  for (const effect of effects) largest = Math.max(largest, Number.isFinite(effect) ? Math.abs(effect) : 0);
  return largest;
}

/** The place on a ramp with two sides: square root to both sides of the middle. */
export function signedTone(value: number, full: number): number {
  return 0.5 + (Math.sign(value) * tone(Math.abs(value), full)) / 2;
}

/** The place of a weight on its ramp, or of a change on the one with two sides, where so much of its tone is kept. */
export function placeOf(value: number, full: number, signed = false, kept = 1): number {
  return signed ? 0.5 + kept * (signedTone(value, full) - 0.5) : kept * tone(value, full);
}

/** What weights are painted with, or what became of them. */
export function rampOf(colours: Palette, direction: "reads" | "read_by", signed = false): Ramp {
  return signed ? colours.signed : accent(colours, direction).ramp;
}

/** As far as the colours of effects go, of the ramp: what is further is too dark, or too bright, to be told from a letter. */
const furthest = 0.72;

/** The place of an effect on its ramp. */
export function effectTone(value: number, full: number): number {
  return placeOf(value, full, true, furthest);
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (channel: number) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

export function rampColour(table: Ramp, place: number): Rgb {
  const index = Math.round(Math.max(0, Math.min(1, place)) * 255) * 3;
  return [table[index] ?? 0, table[index + 1] ?? 0, table[index + 2] ?? 0];
}

/** Black or white, whichever is legible on a colour. */
export function inkOn(colour: Rgb): string {
  return contrast(colour, [255, 255, 255]) > contrast(colour, [20, 20, 20]) ? "#ffffff" : "#141414";
}
