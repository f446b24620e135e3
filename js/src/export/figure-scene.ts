import type { Rect } from "../drawing/scene";
import { wrap } from "../drawing/wrap";
import type { Way } from "../lib/colour";

/** A stretch of the text as it stands over a picture: plain, or with its heat. */
export interface Word {
  readonly text: string;
  /** 0 to 1, on the square-root scale; null for what carries no colour. */
  readonly tone: number | null;
  readonly sink: boolean;
  /** What the tone is of, where it is of no weight. */
  readonly way: Way | null;
  readonly focus: boolean;
}

export interface FigureInput {
  readonly title: string;
  readonly words: readonly Word[];
  /** Whether the text begins at the right. */
  readonly rightToLeft: boolean;
  /** What stands between the words and the picture: what is read in the place of a text. */
  readonly above: { readonly width: number; readonly height: number } | null;
  readonly picture: { readonly width: number; readonly height: number };
  readonly caption: string;
  /** The weight of the full tone: the end of the ramp, or the thickest line. */
  readonly scale: { readonly kind: "ramp" | "signed" | "wedge" | "cover"; readonly full: number } | null;
  readonly measure: (text: string, font: FigureFont) => number;
}

export type FigureFont = "title" | "words" | "caption";

/** A picture that can stand alone: title, text, picture, caption, scale. */
export interface FigureScene {
  readonly width: number;
  readonly height: number;
  readonly title: readonly Line[];
  readonly words: readonly (Word & Rect)[];
  readonly above: { readonly x: number; readonly y: number };
  readonly picture: { readonly x: number; readonly y: number };
  readonly caption: readonly Line[];
  readonly scale: (Rect & NonNullable<FigureInput["scale"]>) | null;
}

interface Line {
  readonly text: string;
  readonly x: number;
  /** The middle of the line. */
  readonly y: number;
}

const margin = 16;
/** Narrower than this a caption would be a column of single words. */
const narrowest = 320;
const titleLine = 20;
const wordLine = 23;
const captionLine = 16;
const gap = 12;
const scaleWidth = 128;
const numberRoom = 14;
/** A text that is longer is told by the picture alone. */
const mostLines = 8;

export function figureScene(input: FigureInput): FigureScene {
  const inner = Math.max(narrowest, Math.ceil(input.picture.width), Math.ceil(input.above?.width ?? 0));
  let y = margin;
  const block = (text: string, font: FigureFont, pitch: number): Line[] => {
    const lines = wrap(text, inner, (part) => input.measure(part, font));
    const placed = lines.map((line, index) => ({ text: line, x: margin, y: y + (index + 0.5) * pitch }));
    y += lines.length * pitch;
    return placed;
  };
  const title = block(input.title, "title", titleLine);
  const words = placeWords(input, inner, y + gap / 2);
  if (words.rows > 0) y += words.rows * wordLine + gap / 2;
  y += gap;
  const above = { x: margin, y };
  if (input.above !== null) y += Math.ceil(input.above.height) + gap;
  const picture = { x: margin, y };
  y += Math.ceil(input.picture.height) + gap;
  const caption = block(input.caption, "caption", captionLine);
  const scale = input.scale === null ? null : { ...scaleRect(y + 4), ...input.scale };
  if (scale !== null) y += captionLine + 4;
  const height = y + margin - 4;
  return { width: inner + 2 * margin, height, title, words: words.placed, above, picture, caption, scale };
}

function scaleRect(y: number): Rect {
  return { x: margin + numberRoom, y: y + 4, width: scaleWidth, height: 8 };
}

function placeWords({ words, rightToLeft, measure }: FigureInput, inner: number, top: number) {
  const placed: (Word & Rect)[] = [];
  let x = 0;
  let row = 0;
  const cut = () => row >= mostLines;
  const put = (word: Word, text: string, width: number) => {
    const left = rightToLeft ? inner - x - width : x;
    placed.push({ ...word, text, x: margin + left, y: top + row * wordLine, width, height: wordLine - 4 });
    x += width;
  };
  const turn = () => {
    x = 0;
    row++;
  };
  const place = (word: Word, text: string) => {
    const width = measure(text, "words");
    if (x > 0 && x + width > inner) turn();
    if (!cut() && (x > 0 || text.trim() !== "")) put(word, text, Math.min(width, inner));
  };
  for (const word of words) {
    // Only plain text holds places where a line may end; a mark with an end of line in it is white space alone.
    for (const part of word.text.split(/(\n)|(?<=\s)(?=\S)/u)) {
      if (cut()) break;
      if (part === "\n") turn();
      else if (part !== undefined && part !== "") place(word, part);
    }
  }
  const rows = placed.length === 0 ? 0 : Math.min(mostLines, row + 1);
  const last = placed.at(-1);
  if (cut() && last !== undefined)
    placed.push({ ...last, ...ellipsis, x: Math.min(last.x + last.width, margin + inner - 10) });
  return { placed, rows };
}

const ellipsis = { text: "…", tone: null, sink: false, way: null, focus: false, width: 14 };
