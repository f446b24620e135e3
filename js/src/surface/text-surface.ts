import type { Rect } from "../drawing/scene";
import type { Field } from "../focus/fields";
import { type Reach, reachesOf } from "./minimap/reaches";
import type { Surface } from "./surface";

/** A stretch of the text, or a special token beside it, with the tokens that share it. */
export interface Stretch {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly special: boolean;
}

/** In the text, in its order: where it stands in a mirror's text, and which mirror that is. */
interface Written extends Stretch {
  readonly mirror: number;
  readonly start: number;
  readonly stop: number;
}

/** More than this, and the page is zoomed by a transform: a rounded width tells less. */
const scaled = 0.01;

/**
 * The tokens of a text: stretches of the mirror's text, or of one mirror for every turn, and the tokens beside it.
 * Places are read from the page once for a text, a width and a font, and only of what is asked for.
 */
export class TextSurface implements Surface {
  readonly #host: HTMLElement;
  #field: Field | null = null;
  #written: readonly Written[] = [];
  #all: readonly Stretch[] | null = null;
  #chips: readonly (Stretch & { readonly element: Element })[] = [];
  #mirrors: readonly Element[] | null = null;
  #rects: (readonly Rect[] | undefined)[] = [];
  #beside: readonly (readonly Rect[])[] | null = null;

  /** `host` surrounds the mirror and the special tokens, and moves with them. */
  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** Another text, or the same in other places. */
  lay(field: Field): void {
    this.#rects = [];
    this.#mirrors = null;
    this.#chips = [];
    this.#all = null;
    this.#beside = null;
    if (field === this.#field) return;
    this.#field = field;
    this.#written = writtenIn(field);
  }

  /** All stretches: the special tokens first, then the text. */
  get stretches(): readonly Stretch[] {
    this.#all ??= [...this.#special(), ...this.#written];
    return this.#all;
  }

  /** The numbers of the stretches that may be seen between two heights. */
  between(top: number, bottom: number): readonly number[] {
    const chips = this.#special();
    const first = this.#first(({ lower }) => lower > top);
    const last = this.#first(({ upper }) => upper >= bottom);
    return [
      ...chips.keys(),
      ...Array.from({ length: Math.max(0, last - first) }, (_, index) => chips.length + first + index),
    ];
  }

  rectsOf(stretch: number): readonly Rect[] {
    const chips = this.#special();
    if (stretch >= chips.length) return this.#rectsOfWritten(stretch - chips.length);
    this.#beside ??= chips.map(({ element }) => this.#inside([element.getBoundingClientRect()], 0));
    return this.#beside[stretch] ?? [];
  }

  /** Where all stretches stand, from top to bottom. */
  reaches(): readonly Reach[] {
    const chips = this.#special();
    const beside = chips.map((_, stretch) => reachOf(this.rectsOf(stretch)) ?? { upper: 0, lower: 0 });
    return [...beside, ...reachesOf(this.#written.length, (index) => reachOf(this.#rectsOfWritten(index)))];
  }

  rects(token: number): readonly Rect[] {
    return this.rectsOf(this.stretches.findIndex(({ tokens }) => tokens.includes(token)));
  }

  hit(x: number, y: number): number | null {
    const found = this.between(y, y + 1).find((stretch) =>
      this.rectsOf(stretch).some(
        (rect) => x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height,
      ),
    );
    return found === undefined ? null : (this.stretches[found]?.tokens[0] ?? null);
  }

  /** A place on the page, in pixels of the surface. */
  toSurface(x: number, y: number): readonly [number, number] {
    const { left, top, scale } = this.#origin();
    return [(x - left) / scale, (y - top) / scale];
  }

  /** A rectangle of the surface, on the page. */
  toPage({ x, y, width, height }: Rect): Rect {
    const { left, top, scale } = this.#origin();
    return { x: left + x * scale, y: top + y * scale, width: width * scale, height: height * scale };
  }

  #origin() {
    const { left, top, width } = this.#host.getBoundingClientRect();
    const scale = width / this.#host.offsetWidth;
    return { left, top, scale: Math.abs(scale - 1) > scaled ? scale : 1 };
  }

  #special() {
    if (this.#chips.length === 0 && this.#field !== null && hasBeside(this.#field))
      this.#chips = Array.from(this.#host.querySelectorAll("[data-tokens]"), (element) => ({
        element,
        special: true,
        tokens: ((element as HTMLElement).dataset.tokens ?? "").split(" ").map(Number),
        text: element.textContent ?? "",
      }));
    return this.#chips;
  }

  /** The first stretch of the text for which this holds, and for all behind it: lines go downwards, so halving finds it. */
  #first(holds: (reach: { readonly upper: number; readonly lower: number }) => boolean): number {
    let [low, high] = [0, this.#written.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(this.#reachOf(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** From the top of its first line to the bottom of its last. What is nowhere, as a break may be, is where the one before it is. */
  #reachOf(index: number): Reach {
    let at = index;
    while (at > 0 && this.#rectsOfWritten(at).length === 0) at--;
    return reachOf(this.#rectsOfWritten(at)) ?? { upper: Infinity, lower: -Infinity };
  }

  #rectsOfWritten(index: number): readonly Rect[] {
    const known = this.#rects[index];
    if (known !== undefined) return known;
    const found = this.#measure(this.#written[index]);
    this.#rects[index] = found;
    return found;
  }

  #measure(stretch: Written | undefined): readonly Rect[] {
    this.#mirrors ??= Array.from(this.#host.querySelectorAll(".aw-words"));
    const text = this.#mirrors[stretch?.mirror ?? 0]?.firstChild;
    // The colours may have failed, and their text with them.
    if (stretch === undefined || !(text instanceof Text) || text.length < stretch.stop) return [];
    const range = text.ownerDocument.createRange();
    range.setStart(text, stretch.start);
    range.setEnd(text, stretch.stop);
    return this.#inside(Array.from(range.getClientRects()), overhang);
  }

  #inside(boxes: readonly DOMRect[], more: number): readonly Rect[] {
    const { left, top, scale } = this.#origin();
    return boxes.map((box) => ({
      x: (box.left - left) / scale,
      y: (box.top - top) / scale - more,
      width: box.width / scale,
      height: box.height / scale + 2 * more,
    }));
  }
}

/** Null of what stands nowhere. */
export function reachOf(rects: readonly Rect[]): Reach | null {
  if (rects.length === 0) return null;
  return {
    upper: Math.min(...rects.map(({ y }) => y)),
    lower: Math.max(...rects.map(({ y, height }) => y + height)),
  };
}

/** Pixels of a mark over and under its letters. */
const overhang = 3;

/** Whether tokens stand beside the text. */
function hasBeside({ chips: { leading, trailing }, turns }: Field): boolean {
  return leading.length + trailing.length > 0 || turns != null;
}

function writtenIn({ segments, turns }: Field): readonly Written[] {
  if (turns != null)
    return turns
      .filter(({ folded }) => !folded)
      .flatMap(({ said }, mirror) => said.map((stretch) => ({ ...stretch, special: false, mirror })));
  const found: Written[] = [];
  let start = 0;
  for (const { text, mark } of segments) {
    const stop = start + text.length;
    if (mark !== null) found.push({ tokens: mark.tokens, text, special: false, mirror: 0, start, stop });
    start = stop;
  }
  return found;
}
