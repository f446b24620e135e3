/** A text as a field of RFC 4180: always quoted and never altered, so that a token stays what it is. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** Lines of fields that are quoted where they have to be. */
export function csv(lines: readonly (readonly (string | number)[])[]): string {
  return lines.map((fields) => `${fields.join(",")}\r\n`).join("");
}
