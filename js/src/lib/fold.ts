/** A text as it is compared: without case, accents and widths, every white space one blank. */
export interface Folded {
  readonly text: string;
  /** Where in the original each unit of it comes from. */
  readonly at: readonly number[];
}

const accents = /[\u0300-\u036f]/g;
const space = /^\s$/u;

export function fold(text: string): Folded {
  const at: number[] = [];
  let folded = "";
  let place = 0;
  for (const sign of text) {
    const blank = space.test(sign);
    const plain = blank ? " " : plainOf(sign);
    if (!blank || !folded.endsWith(" ")) {
      folded += plain;
      for (let unit = 0; unit < plain.length; unit++) at.push(place);
    }
    place += sign.length;
  }
  return { text: folded, at };
}

function plainOf(sign: string): string {
  return sign < "\u0080" ? sign.toLowerCase() : sign.normalize("NFKD").replace(accents, "").toLowerCase();
}
