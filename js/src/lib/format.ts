const visible: Readonly<Record<string, string>> = {
  "\n": "⏎",
  "\r": "␍",
  "\t": "⇥",
  "\u00a0": "⍽",
  "\u200b": "·",
};

const controls = /[\p{Cc}\u00a0\u200b]/gu;

function reveal(text: string): string {
  return text.replace(controls, (sign) => visible[sign] ?? controlPicture(sign.codePointAt(0) ?? 0));
}

function controlPicture(code: number): string {
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "␡" : "\ufffd";
}

const unseen = /^[\p{Cf}\p{Mn}\p{Variation_Selector}]+$/u;

/** A token as a label: white space at its ends is dropped, white space alone is drawn. */
export function pieceLabel(piece = ""): string {
  if (piece === "") return "∅";
  const bare = piece.replace(/^ +| +$/g, "");
  if (unseen.test(bare)) return codePoints(bare);
  return reveal(bare === "" ? "␣".repeat(Math.min(piece.length, 4)) : bare);
}

/** Joiners and variation selectors draw nothing by themselves: their numbers do. */
function codePoints(signs: string): string {
  return Array.from(
    signs,
    (sign) => `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
  ).join(" ");
}

/** Whether a label is a time, as of a stretch of a sound: that says more than its number. */
export function isTime(label: string): boolean {
  return /^\d+\.\d\d s$/.test(label);
}

/** "1.40–2.08 s". */
export function stretchLabel(start: number, stop: number): string {
  return `${start.toFixed(2)}–${stop.toFixed(2)} s`;
}

/** A token as a prediction: its leading space matters, so it is told apart from the rest. */
export function pieceParts(piece: string): { space: string; rest: string } {
  const bare = piece.replace(/^ +/, "");
  if (bare === "") return { space: "", rest: pieceLabel(piece) };
  return { space: bare.length === piece.length ? "" : "␣", rest: pieceLabel(bare) };
}

/** At most `limit` characters (not UTF-16 units), the rest as an ellipsis. */
export function shorten(text: string, limit: number): string {
  const signs = Array.from(text);
  return signs.length <= limit ? text : `${signs.slice(0, limit - 1).join("")}…`;
}

/** A token as a label of at most so many characters. */
export function shortLabel(piece: string | undefined, limit: number): string {
  return shorten(pieceLabel(piece), limit);
}

/** Tokens as labels; one that goes on with the word before it begins with an ellipsis. */
export function wordLabels(
  { pieces, words }: { readonly pieces: readonly string[]; readonly words: readonly number[] },
  limit: number,
): readonly string[] {
  return pieces.map((piece, token) => {
    const word = words[token] ?? -1;
    const goesOn = word >= 0 && word === words[token - 1] && /^[\p{L}\p{N}]/u.test(piece);
    return goesOn ? `…${shortLabel(piece, limit - 1)}` : shortLabel(piece, limit);
  });
}

/** A token of the vocabulary as it is written, with the space before it: "␣Paris". */
export function tokenName(piece: string): string {
  const { space, rest } = pieceParts(piece);
  return `${space}${shorten(rest, 24)}`;
}

/** A weight or a probability, three decimals, never a false zero. */
export function weight(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && Math.abs(value) < 0.0005) return "<0.001";
  return value.toFixed(3);
}

/** A change of a weight, with its sign. */
export function signedWeight(value: number, write: (size: number) => string = weight): string {
  if (!Number.isFinite(value) || value === 0) return write(Math.abs(value));
  return `${value < 0 ? "−" : "+"}${write(Math.abs(value))}`;
}

/** A number that is no weight: three decimals, fewer of a large one, with a true minus. */
export function exact(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  const size = Math.abs(value);
  const digits = size < 100 ? 3 : size < 1000 ? 2 : 1;
  const written = size !== 0 && size < 0.0005 ? magnitude(size) : size.toFixed(digits);
  return value < 0 ? `−${written}` : written;
}

/** Two decimals, with a true minus: a rank correlation, an effect in a list. */
export function twoDecimals(value: number): string {
  return Number.isFinite(value) ? `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}` : "–";
}

/** A weight in a small cell: ".26", "1.0". */
export function shortWeight(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 0.995 ? "1" : value.toFixed(2).replace(/^0/, "");
}

/** An effect in a small cell, with its sign: "+.34", "−1.2", "+12"; "" for what rounds to nothing. */
export function shortEffect(value: number): string {
  const size = Math.abs(value);
  if (!(size >= 0.005)) return "";
  return signedWeight(value, () =>
    size < 0.995 ? size.toFixed(2).replace(/^0/, "") : size < 9.95 ? size.toFixed(1) : size.toFixed(0),
  );
}

/** What a tone stands for, in two digits: ".25", ".0085", "1". */
export function toneNumber(value: number): string {
  return String(Number(value.toPrecision(2))).replace(/^0(?=\.)/, "");
}

/** 2.1e-7 -> "3e-7"; an exact zero is said as such. */
export function magnitude(value: number): string {
  if (value === 0) return "0";
  const near = value.toExponential(0);
  // Upwards: a bound that is smaller than the error is none.
  const bound = Number(near) < value ? (value + 10 ** Number(near.split("e")[1])).toExponential(0) : near;
  return bound.replace("e+", "e");
}

const english = new Intl.NumberFormat("en");

/** 12345 -> "12,345". By one format for all: `toLocaleString` may make a new one for every number, also while the pointer moves. */
export function grouped(number: number): string {
  return english.format(number);
}

export function count(number: number, word: string): string {
  return `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** What there is to say, one after another. */
export function clauses(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" · ");
}

/** A recipe begins with what is the same for every text: where room is short that comes last, what was done to this one first. */
export function changesFirst(recipe: string): string {
  const [made = "", ...changes] = recipe.split(" · ");
  return clauses(...changes, made);
}

/** Half a surrogate pair cannot travel: it becomes U+FFFD, of the same length. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
