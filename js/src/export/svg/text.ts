const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const spaces = /[\t\n\r\f]/g;
const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as XML may hold it, between tags and in attributes alike: what it cannot say becomes U+FFFD, a line's end a space. */
export function xmlText(text: string): string {
  return text
    .replace(spaces, " ")
    .replace(forbidden, "\ufffd")
    .replace(/[&<>"']/g, (sign) => entities[sign] as string);
}

/** A number in hundredths of a pixel. What is no number is a broken invariant of ours, and must not spoil the file. */
export function xmlNumber(value: number): string {
  if (!Number.isFinite(value)) return "0";
  const near = Math.round(value * 100) / 100;
  return String(Object.is(near, -0) ? 0 : near);
}
