/** What is written by its number: what would end a line, hide, or turn round the order in which code is read. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A string as Python source: one line, whatever it holds. */
export function pythonString(text: string): string {
  const quote = text.includes('"') && !text.includes("'") ? "'" : '"';
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll(quote, `\\${quote}`)
    .replace(unsafe, (sign) => short[sign] ?? numbered(sign.codePointAt(0) ?? 0));
  return quote + escaped + quote;
}

function numbered(code: number): string {
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
}

/** Plain data as Python source; lists become tuples. */
export function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonString(value);
  if (Array.isArray(value)) {
    const items = value.map(pythonValue);
    return `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([key, item]) => `${pythonString(key)}: ${pythonValue(item)}`);
    return `{${entries.join(", ")}}`;
  }
  return String(value);
}
