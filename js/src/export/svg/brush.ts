import type { Brush, Pen } from "../../drawing/brush";
import type { Pixels } from "../../drawing/pixels";
import { runsOf } from "./image";
import { SvgPath } from "./path";
import { xmlNumber as n, xmlText } from "./text";

/** What only a page can do: read the pixels of an image, make one, and pack pixels into a file. */
export interface Images {
  pixels(image: CanvasImageSource, x: number, y: number, width: number, height: number): Pixels;
  /** Whether it came from a file: then it has no shapes of one colour. */
  isPhoto(image: CanvasImageSource): boolean;
  /** PNG as a data URL. */
  png(pixels: Pixels): string;
  readonly bitmap: Brush["bitmap"];
}

export interface SvgSheet {
  readonly width: number;
  readonly height: number;
  /** Tells its names apart from those of other pictures in the same page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly ground: string;
}

/** Larger pictures are embedded: that many rectangles would burden every program that opens the file. */
const mostCells = 64 * 64;
const mostCellsOfAll = 4 * mostCells;
/** The middle of the letters above their line, in shares of the font's size: what a context calls "middle". */
const middle = 0.27;

const anchors: Readonly<Record<string, string>> = { center: "middle", right: "end", end: "end" };
const lifts: Readonly<Record<string, number>> = { middle, top: 0.76, hanging: 0.76, bottom: -0.24 };

/** Paints with a pen that writes SVG: the same painters, another back end. */
export function svgOf(sheet: SvgSheet, images: Images, paint: (brush: Brush) => void): string {
  const pen = new SvgPen(images, sheet.id);
  paint({ context: pen as unknown as Pen, bitmap: images.bitmap });
  const { width, height, title, description, ground } = sheet;
  const [across, down] = [n(width), n(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${across}" height="${down}" viewBox="0 0 ${across} ${down}"`,
    ` direction="ltr" xml:space="preserve" role="img"><title>${xmlText(title)}</title>`,
    `<desc>${xmlText(description)}</desc>`,
    `<rect width="${across}" height="${down}" fill="${xmlText(ground)}"/>`,
    ...pen.finish(),
    "</svg>\n",
  ].join("");
}

/** Writes down as SVG what is asked of a context. Transforms are put on every element: groups are for clipping only. */
class SvgPen implements Readonly<Record<keyof Pen, unknown>> {
  fillStyle = "#000000";
  strokeStyle = "#000000";
  lineWidth = 1;
  font = "10px sans-serif";
  textAlign = "start";
  textBaseline = "alphabetic";
  globalAlpha = 1;
  imageSmoothingEnabled = true;

  readonly #images: Images;
  readonly #id: string;
  readonly #out: string[] = [];
  readonly #clips = new Map<string, string>();
  readonly #path = new SvgPath();
  readonly #saved: (() => void)[] = [];
  #matrix: Matrix = [1, 0, 0, 1, 0, 0];
  #dash: readonly number[] = [];
  #groups = 0;
  #cells = 0;

  constructor(images: Images, id: string) {
    this.#images = images;
    this.#id = id;
  }

  finish(): string[] {
    const clips = [...this.#clips].map(([path, id]) => `<clipPath id="${id}">${path}</clipPath>`);
    const definitions = clips.length === 0 ? [] : [`<defs>${clips.join("")}</defs>`];
    return [...definitions, ...this.#out, "</g>".repeat(this.#groups)];
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, font, textAlign, textBaseline } = this;
    const { globalAlpha, imageSmoothingEnabled } = this;
    const [matrix, dash, groups] = [this.#matrix, this.#dash, this.#groups];
    this.#saved.push(() => {
      Object.assign(this, { fillStyle, strokeStyle, lineWidth, font, textAlign, textBaseline });
      Object.assign(this, { globalAlpha, imageSmoothingEnabled });
      [this.#matrix, this.#dash] = [matrix, dash];
      this.#out.push("</g>".repeat(this.#groups - groups));
      this.#groups = groups;
    });
  }

  restore(): void {
    this.#saved.pop()?.();
  }

  translate(x: number, y: number): void {
    this.#multiply([1, 0, 0, 1, x, y]);
  }

  rotate(angle: number): void {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.#multiply([cos, sin, -sin, cos, 0, 0]);
  }

  setLineDash(dash: readonly number[]): void {
    this.#dash = [...dash];
  }

  beginPath(): void {
    this.#path.begin();
  }

  closePath(): void {
    this.#path.close();
  }

  moveTo(x: number, y: number): void {
    this.#path.moveTo(x, y);
  }

  lineTo(x: number, y: number): void {
    this.#path.lineTo(x, y);
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path.bezierCurveTo(x1, y1, x2, y2, x, y);
  }

  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void {
    this.#path.quadraticCurveTo(x1, y1, x, y);
  }

  arc(x: number, y: number, radius: number, from: number, to: number, backwards = false): void {
    this.#path.arc(x, y, radius, from, to, backwards);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path.rect(x, y, width, height);
  }

  roundRect(x: number, y: number, width: number, height: number, radius: number): void {
    this.#path.roundRect(x, y, width, height, radius);
  }

  stroke(): void {
    if (this.#path.data !== "") this.#put("path", `d="${this.#path.data}" ${this.#stroked()}`);
  }

  fill(): void {
    if (this.#path.data !== "") this.#put("path", `d="${this.#path.data}" ${this.#filled()}`);
  }

  /** A group that lasts until what was saved comes back. */
  clip(): void {
    const path = `<path d="${this.#path.data}"${this.#transform()}/>`;
    const id = this.#clips.get(path) ?? `${this.#id}-${this.#clips.size + 1}`;
    this.#clips.set(path, id);
    this.#out.push(`<g clip-path="url(#${id})">`);
    this.#groups++;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#put("rect", `${place(x, y, width, height)} ${this.#filled()}`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#put("rect", `${place(x, y, width, height)} ${this.#stroked()}`);
  }

  fillText(text: string, x: number, y: number): void {
    const font = readFont(this.font);
    const anchor = anchors[this.textAlign];
    const base = y + (lifts[this.textBaseline] ?? 0) * font.size;
    const look = [
      `x="${n(x)}" y="${n(base)}" font-family="${xmlText(font.family)}" font-size="${n(font.size)}"`,
      font.weight === "400" ? "" : ` font-weight="${xmlText(font.weight)}"`,
      anchor === undefined ? "" : ` text-anchor="${anchor}"`,
      ` ${this.#filled()}`,
    ];
    this.#put("text", look.join(""), xmlText(text));
  }

  drawImage(image: CanvasImageSource, ...at: readonly number[]): void {
    const [fromX, fromY, across, down, x, y, width, height] = at as unknown as Eight;
    const pixels = this.#images.pixels(image, fromX, fromY, across, down);
    const cells = pixels.width * pixels.height;
    const drawn = !this.#images.isPhoto(image) && cells <= mostCells && this.#cells + cells <= mostCellsOfAll;
    if (!drawn) {
      const smooth = this.imageSmoothingEnabled;
      const look = smooth ? "" : ' image-rendering="optimizeSpeed" style="image-rendering:pixelated"';
      const data = xmlText(this.#images.png(pixels));
      const how = `preserveAspectRatio="none"${look} href="${data}"${this.#alpha()}`;
      this.#put("image", `${place(x, y, width, height)} ${how}`);
      return;
    }
    this.#cells += cells;
    const [unit, rise] = [width / pixels.width, height / pixels.height];
    // No soft edges: neighbours would show the ground between them.
    this.#out.push(`<g shape-rendering="crispEdges"${this.#transform()}${this.#alpha()}>`);
    for (const run of runsOf(pixels)) {
      const box = place(x + run.x * unit, y + run.y * rise, run.length * unit, rise);
      const alpha = run.opacity === 1 ? "" : ` fill-opacity="${n(run.opacity)}"`;
      this.#out.push(`<rect ${box} fill="${run.colour}"${alpha}/>`);
    }
    this.#out.push("</g>");
  }

  #put(name: string, attributes: string, content?: string): void {
    const end = content === undefined ? "/>" : `>${content}</${name}>`;
    this.#out.push(`<${name} ${attributes}${this.#transform()}${end}`);
  }

  #filled(): string {
    return `fill="${xmlText(this.fillStyle)}"${this.#alpha()}`;
  }

  #stroked(): string {
    const dash = this.#dash.length === 0 ? "" : ` stroke-dasharray="${this.#dash.map(n).join(" ")}"`;
    const width = this.lineWidth === 1 ? "" : ` stroke-width="${n(this.lineWidth)}"`;
    return `fill="none" stroke="${xmlText(this.strokeStyle)}"${width}${dash}${this.#alpha()}`;
  }

  #alpha(): string {
    return this.globalAlpha === 1 ? "" : ` opacity="${n(this.globalAlpha)}"`;
  }

  #transform(): string {
    const [a, b, c, d, e, f] = this.#matrix;
    if (a === 1 && b === 0 && c === 0 && d === 1)
      return e === 0 && f === 0 ? "" : ` transform="translate(${n(e)} ${n(f)})"`;
    const turned = [a, b, c, d].map((value) => String(Math.round(value * 1e6) / 1e6)).join(" ");
    return ` transform="matrix(${turned} ${n(e)} ${n(f)})"`;
  }

  #multiply([a, b, c, d, e, f]: Matrix): void {
    const [A, B, C, D, E, F] = this.#matrix;
    this.#matrix = [
      A * a + C * b,
      B * a + D * b,
      A * c + C * d,
      B * c + D * d,
      A * e + C * f + E,
      B * e + D * f + F,
    ];
  }
}

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];
type Eight = readonly [number, number, number, number, number, number, number, number];

function place(x: number, y: number, width: number, height: number): string {
  return `x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"`;
}

/** "600 11px a, b" as a context takes it: no more than that is asked of it. */
function readFont(font: string): { weight: string; size: number; family: string } {
  const [, weight = "400", size = "10", family = "sans-serif"] =
    /^(?:(\d+|bold)\s+)?([\d.]+)px\s+(.+)$/.exec(font) ?? [];
  return { weight, size: Number(size), family };
}
