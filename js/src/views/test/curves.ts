import type { Palette } from "../../lib/colour";
import type { Evidence, EvidenceMethod } from "../../wire/experiments/evidence";

/** What a line is drawn in, and called. */
export interface CurveLook {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly title: string;
}

/** Of random orders, and of what has no method. */
export function plainLook(title: string, { muted }: Palette): CurveLook {
  return { colour: muted, dash: [3, 3], title };
}

/** Lines of one colour, one after another. */
const dashes: readonly (readonly number[])[] = [[], [6, 2], [2, 2], [6, 2, 2, 2]];

/** Colours mean what they mean in the table; which of its colour a line is, its dashes say. */
export function curveLooks(
  { methods }: Pick<Evidence, "methods">,
  palette: Palette,
): Readonly<Record<string, CurveLook>> {
  const looks: Record<string, CurveLook> = {};
  const drawn = new Map<string, number>();
  for (const method of methods) {
    const { name, title } = method;
    const colour = colourOf(method, palette);
    const place = drawn.get(colour) ?? 0;
    drawn.set(colour, place + 1);
    looks[name] = {
      colour,
      dash: dashes[place % dashes.length] ?? [],
      title: short[name] ?? (title.length > longest ? name : title),
    };
  }
  return looks;
}

function colourOf({ name, ramp }: EvidenceMethod, palette: Palette): string {
  if (ramp === "null") return palette.muted;
  if (ramp === "reads") return palette.reads.strong;
  return (name === "hide" ? palette.effectHurts : palette.effectHelps).strong;
}

/** At the end of a line there is little room: characters. */
const longest = 11;

const short: Readonly<Record<string, string>> = {
  attention: "attention",
  hide: "hiding",
};
