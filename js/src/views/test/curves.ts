import { hexOf, mix, type Palette, rgbOf } from "../../lib/colour";
import type { Evidence } from "../../wire/experiments/evidence";

/** What the line of each method is drawn in, and called: colours mean what they mean in the table. */
export function curveColours({ methods }: Pick<Evidence, "methods">, palette: Palette) {
  const colours: Record<string, string> = {};
  const titles: Record<string, string> = { random: "random" };
  let readers = 0;
  for (const { name, title, ramp } of methods) {
    titles[name] = short[name] ?? (title.length > longest ? name : title);
    if (name === "hide") colours[name] = palette.effectHurts.strong;
    else if (ramp === "effect") colours[name] = palette.effectHelps.strong;
    else if (ramp === "reads")
      colours[name] =
        readers++ === 0
          ? palette.reads.strong
          : hexOf(mix(rgbOf(palette.reads.strong), 0.55, rgbOf(palette.text)));
  }
  return { colours, titles };
}

/** At the end of a line there is little room: characters. */
const longest = 11;

const short: Readonly<Record<string, string>> = {
  attention: "attention",
  hide: "hiding",
};
