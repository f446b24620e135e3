import type { Pen } from "../../drawing/brush";
import type { Pixels } from "../../drawing/pixels";
import type { Rect } from "../../drawing/scene";
import type { Rgb } from "../../lib/colour";

/** A colour along time: how strong it is, 0 to 1, at every pixel of the screen. */
export interface Band {
  readonly colour: string;
  readonly tones: Float32Array;
}

/** A stretch that is a sink, and how much of it is read. */
export interface Resting {
  readonly rect: Rect;
  readonly tone: number;
}

/** Behind the ink of a spectrogram the colour may be full: the ink is still to be seen on it. */
const fullest = 0.92;
const faintest = 1 / 512;
const stripe = 3;
/** Tones that differ by less look the same: pixels beside each other are one rectangle then. */
const grades = 160;

/** Colours along a time, over the full height of a rectangle. `ratio`: pixels of the screen for one of the page. */
export function paintBand(pen: Pen, { x, y, height }: Rect, { colour, tones }: Band, ratio: number): void {
  pen.fillStyle = colour;
  for (let at = 0; at < tones.length; ) {
    const grade = gradeOf(tones[at] as number);
    let end = at + 1;
    while (end < tones.length && gradeOf(tones[end] as number) === grade) end++;
    if (grade > 0) {
      pen.globalAlpha = (fullest * grade) / grades;
      pen.fillRect(x + at / ratio, y, (end - at) / ratio, height);
    }
    at = end;
  }
  pen.globalAlpha = 1;
}

function gradeOf(tone: number): number {
  return tone > faintest ? Math.max(1, Math.round(tone * grades)) : 0;
}

/** Stripes over what is read for what it is and not for what is heard there. */
export function paintResting(pen: Pen, stretches: readonly Resting[], colour: string): void {
  for (const { rect, tone } of stretches) {
    const { x, y, width, height } = rect;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, Math.max(width, 1.5), height);
    pen.clip();
    pen.globalAlpha = Math.max(0.35, tone);
    pen.strokeStyle = colour;
    pen.lineWidth = stripe / 2;
    pen.beginPath();
    for (let at = stripe; at < width + height + stripe; at += 2 * stripe) {
      pen.moveTo(x + at, y);
      pen.lineTo(x + at - height, y + height);
    }
    pen.stroke();
    pen.restore();
  }
}

/** Where a bar could be, so that an empty one is seen too. */
export function paintTrack(pen: Pen, { x, y, width, height }: Rect, ink: string): void {
  pen.globalAlpha = 0.04;
  pen.fillStyle = ink;
  pen.fillRect(x, y, width, height);
  pen.globalAlpha = 1;
}

/** When a word is said. */
export function paintSaid(pen: Pen, { x, y, width, height }: Rect, ink: string): void {
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.strokeRect(x + 0.5, y + 0.5, Math.max(2, width - 1), height - 1);
}

/** What nobody reads any more. */
export function paintHidden(pen: Pen, stretches: readonly Rect[], ground: string): void {
  pen.fillStyle = ground;
  pen.globalAlpha = 0.85;
  for (const { x, y, width, height } of stretches) pen.fillRect(x, y, Math.max(1, width), height);
  pen.globalAlpha = 1;
}

/** A stretch with an edge, and a ground under it that is seen on any ink. */
export function paintEdge(pen: Pen, rect: Rect, colour: string, ground: string, weight: number): void {
  // A frame of 20 ms may be narrower than its own edge.
  const width = Math.max(rect.width, 3);
  const x = rect.x - (width - rect.width) / 2;
  for (const [ink, line] of [
    [ground, weight + 2],
    [colour, weight],
  ] as const) {
    pen.strokeStyle = ink;
    pen.lineWidth = line;
    pen.strokeRect(x, rect.y + weight / 2 + 1, width, rect.height - weight - 2);
  }
}

/** Of a spectrogram in grey, loud is 255: the same in ink that lets through what is behind it where it is quiet. */
export function inkPixels({ width, height, data }: Pixels, [red, green, blue]: Rgb): Pixels {
  const inked = new Uint8ClampedArray(data.length);
  for (let at = 0; at < data.length; at += 4) {
    inked[at] = red;
    inked[at + 1] = green;
    inked[at + 2] = blue;
    inked[at + 3] = strengths[data[at] as number] as number;
  }
  return { width, height, data: inked };
}

/** Loudness is told in decibels: what is quiet is fainter than its share, so that speech stands out of noise. */
const strengths = Uint8ClampedArray.from({ length: 256 }, (_, loud) => 225 * (loud / 255) ** 1.7);
