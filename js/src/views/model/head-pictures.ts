import { readPreview } from "../../focus/maps";
import type { StripOnShow } from "../../focus/strips";
import type { Frame, Tokens } from "../../wire/types";

/** What the query reads, or what reads it, in every head: a row for each, layer by layer. */
export type HeadRows = Pick<StripOnShow, "values" | "count" | "sinks" | "query" | "direction" | "peak"> & {
  /** The heads that the rows are of. */
  readonly heads: readonly { readonly layer: number; readonly head: number }[];
};

/** From the bytes of a frame; null where it has none. The largest weight is that over patches: what rests on [CLS] would leave them all pale. */
export function headRows(frame: Frame, tokens: Pick<Tokens, "pieces" | "places">): HeadRows | null {
  const { header, previews } = frame;
  if (previews === null || frame.changes != null || tokens.places === undefined) return null;
  const count = tokens.pieces.length;
  const heads = header.heads.flatMap((number, layer) =>
    Array.from({ length: number }, (_, head) => ({ layer, head })),
  );
  const values = new Float32Array(heads.length * count);
  let peak = 0;
  for (const [row, { layer, head }] of heads.entries()) {
    const read = readPreview(previews, layer, head);
    if (read === null || read.length !== count) return null;
    values.set(read, row * count);
    read.forEach((weight, token) => {
      if (tokens.places?.[token] != null) peak = Math.max(peak, weight);
    });
  }
  const { query, direction } = header;
  return { heads, values, count, peak, query, direction, sinks: [] };
}

/** Pixels between pictures, and of the names beside and above them. */
const gap = 6;
export const namesRoom = 20;
const [smallest, largest] = [36, 170];

/** The width of a picture, so that all heads of a layer stand in a line, and all layers in sight where that leaves them large enough. */
export function headWidth(
  { width, tallest }: { readonly width: number; readonly tallest?: number },
  layers: number,
  heads: number,
  aspect: number,
): number {
  const across = Math.floor((width - namesRoom - heads * gap) / heads);
  const down =
    tallest === undefined
      ? largest
      : Math.floor(((tallest - namesRoom - layers * gap) / layers) * (1 / aspect));
  return Math.max(1, Math.min(across, largest, Math.max(smallest, down)));
}
