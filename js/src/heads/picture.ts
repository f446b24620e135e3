import { changePixels, thumbnailPixels } from "../drawing/pixels";
import { accent, mix, type Palette, type Ramp, ramp, rgbOf, type ToneScale } from "../lib/colour";
import { headColour } from "../lib/head-colours";
import type { Session } from "../session/session";
import type { Frame } from "../wire/types";
import { metricShown } from "./metrics";
import type { GridPicture } from "./paint";
import { changeShown, effectsShown, searchOf } from "./search";
import { effectShades, type Shades, shadesOf } from "./shades";

/** In the colours of a palette; null where the cells show their maps. */
export function shadesIn(session: Session, palette: Palette): Shades | null {
  const change = changeShown(session);
  if (change !== null) return shadesOf(change, greys(palette), palette);
  const known = effectsShown(session);
  if (known !== null) return effectShades(known.effects, palette);
  const metric = searchOf(session).shade.value === "values" ? metricShown(session) : null;
  const direction = session.shown.value?.frame.header.direction ?? "reads";
  return metric === null ? null : shadesOf(metric, accent(palette, direction).ramp, palette);
}

/** A change is neither read nor reads: from the ground to the colour of the text. */
function greys({ ground, text }: Palette): Ramp {
  return ramp([rgbOf(ground), mix(rgbOf(text), 0.85, rgbOf(ground))]);
}

export type Thumbnails = Pick<GridPicture, "image" | "rows" | "columns">;

export function thumbnailsIn(frame: Frame | undefined, scale: ToneScale, palette: Palette): Thumbnails {
  if (frame?.thumbnails == null) return { image: null, rows: 0, columns: 0 };
  const [layers = 0, heads = 0, rows = 0, columns = 0] = frame.thumbnails.shape;
  // A single token takes all of it: a wall of full tones that says nothing of any head.
  if (rows * columns === 1) return { image: null, rows, columns };
  const { ramp } = accent(palette, frame.header.direction);
  const shape = [layers, heads, rows, columns] as const;
  if (frame.changes != null) {
    const { data: changes } = frame.changes;
    const largest = largestOf(changes);
    const full = scale === "stretch" ? (map: number) => largest(map, rows * columns) : () => scale;
    return { image: changePixels(changes, shape, frame.header.causal, full, palette.signed), rows, columns };
  }
  const { data } = frame.thumbnails;
  const full = scale === "stretch" ? strongest(data, shape, frame.header.key_tokens == null) : () => scale;
  const image = thumbnailPixels(data, shape, frame.header.causal, full, ramp);
  return { image, rows, columns };
}

/** The largest weight of each head, left out where sinks live: the first row and the first column. */
function strongest(bytes: Uint8Array, [, , rows, columns]: readonly number[], square: boolean) {
  const [down, across] = [rows ?? 0, columns ?? 0];
  const first = square ? 1 : 0;
  return (map: number) => {
    let most = 0;
    for (let row = first; row < down; row++)
      for (let column = first; column < across; column++)
        most = Math.max(most, bytes[(map * down + row) * across + column] as number);
    return (most / 255) ** 2;
  };
}

/** The largest change of each head, in size. */
function largestOf(changes: Float32Array) {
  return (map: number, cells: number) =>
    changes
      .subarray(map * cells, (map + 1) * cells)
      .reduce((most, change) => Math.max(most, Math.abs(change)), 0);
}

/** What the tones of small maps stand for. */
export function scaleNote(scale: ToneScale): string {
  return scale === "stretch"
    ? "square-root tone, stretched for each head by itself: heads cannot be compared"
    : "square-root tone, one scale for all";
}

/** Several heads that are shown together, each in the colour that it has everywhere. */
export function together(session: Session, dark: boolean) {
  const chosen = session.source.value === "head" ? session.chosenHeads() : [];
  if (chosen.length < 2) return [];
  return chosen.map(([layer, head], index) => ({ layer, head, colour: headColour(dark, index) }));
}
