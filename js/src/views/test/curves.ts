import { hexOf, type Palette, rampColour } from "../../lib/colour";
import type { Evidence } from "../../wire/evidence";

/** What the line of each method is drawn in, and called: colours mean what they mean in the table. */
export function curveColours({ methods }: Pick<Evidence, "methods">, palette: Palette) {
  const colours: Record<string, string> = {};
  const titles: Record<string, string> = { random: "random" };
  let readers = 0;
  for (const { name, title, ramp } of methods) {
    titles[name] = short[name] ?? title;
    if (name === "hide") colours[name] = palette.effectHurts.strong;
    else if (ramp === "effect") colours[name] = palette.effectHelps.strong;
    else if (ramp === "reads")
      colours[name] =
        readers++ === 0
          ? palette.reads.strong
          : hexOf(rampColour(palette.reads.ramp, 0.4 + 0.4 * (readers % 2)));
  }
  return { colours, titles };
}

/** At the end of a line there is little room. */
const short: Readonly<Record<string, string>> = {
  attention: "attention",
  hide: "hiding",
};
