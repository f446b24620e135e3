import type { Pixels } from "../../drawing/pixels";
/** A stretch of one colour in a row of pixels. */
export interface Run {
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly colour: string;
  readonly opacity: number;
}

/** Pixels -> stretches of the same colour. What is transparent is none. */
export function runsOf({ width, height, data }: Pixels): Run[] {
  const words = new Uint32Array(data.slice().buffer);
  const runs: Run[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; ) {
      const word = words[y * width + x];
      let stop = x + 1;
      while (stop < width && words[y * width + stop] === word) stop++;
      const at = (y * width + x) * 4;
      const opacity = (data[at + 3] as number) / 255;
      if (opacity > 0) runs.push({ x, y, length: stop - x, colour: hexOf(data, at), opacity });
      x = stop;
    }
  }
  return runs;
}

function hexOf(data: Uint8ClampedArray, at: number): string {
  const channel = (index: number) => (data[at + index] as number).toString(16).padStart(2, "0");
  return `#${channel(0)}${channel(1)}${channel(2)}`;
}
