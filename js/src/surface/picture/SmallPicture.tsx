import { useEffect, useRef } from "preact/hooks";
import { useView } from "../../display/view";
import type { StripOnShow } from "../../focus/strips";
import { tokenAt } from "../area/pointing";
import { layerMarks, paintLayer, smallInks } from "./paint";
import type { PatchSurface } from "./patches";

interface Props {
  readonly surface: PatchSurface;
  readonly strip: Pick<StripOnShow, "values" | "count" | "peak" | "sinks" | "query" | "direction" | "signed">;
  readonly layer: number;
  /** The weight of the full tone. */
  readonly full: number;
  readonly bitmap: ImageBitmap | null;
  /** A token that is pointed out. */
  readonly marked?: number | null;
  readonly onPoint?: (token: number | null) => void;
}

/** What the query reads of a picture in one layer. */
export function SmallPicture({ surface, strip, layer, full, bitmap, marked = null, onPoint }: Props) {
  const { environment, palette } = useView();
  const ref = useRef<HTMLCanvasElement>(null);
  const ratio = environment.ratio.value;
  const colours = palette.value;
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d");
    if (canvas == null || context == null || bitmap === null) return;
    [canvas.width, canvas.height] = [Math.round(surface.width * ratio), Math.round(surface.height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const marks = layerMarks(surface, strip, layer, full);
    const told = { query: strip.query, marked };
    paintLayer(
      context,
      surface,
      bitmap,
      marks,
      smallInks(colours, strip.direction, strip.signed === true),
      told,
    );
  }, [surface, strip, layer, full, bitmap, marked, ratio, colours]);
  return (
    <canvas
      ref={ref}
      style={{ width: `${surface.width}px`, height: `${surface.height}px` }}
      aria-hidden="true"
      onPointerMove={(event) => onPoint?.(tokenAt(event, event.currentTarget, surface))}
      onPointerLeave={() => onPoint?.(null)}
    />
  );
}
