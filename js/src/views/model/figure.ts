import { sentence } from "../../controls/Toolbar";
import type { Figure, FigureLook } from "../../display/figures";
import type { View } from "../../display/view";
import { fullest, layerMarks, paintLayer, smallInks } from "../../surface/picture/paint";
import { PatchSurface } from "../../surface/picture/patches";
import type { PatchPlace, PictureTold } from "../../wire/types";
import type { HeadRows } from "./head-pictures";
import { previewRecipe } from "./words";

interface Drawn {
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
  readonly rows: HeadRows;
  readonly bitmap: ImageBitmap;
  readonly full: number;
}

const [side, gap, names] = [100, 8, 22];

/** Every head as a picture. */
export function headPicturesFigure(
  { derived, session }: View,
  { picture, places, rows, bitmap, full }: Drawn,
  { palette, outlined }: FigureLook,
): Figure {
  const surface = new PatchSurface(picture, 0, places, side * Math.min(1, picture.width / picture.height));
  const [pitchX, pitchY] = [surface.width + gap, surface.height + gap];
  const counts = session.heads.peek();
  const asked = derived.asked.peek();
  const inks = smallInks(palette, rows.direction);
  return {
    name: "heads",
    title: asked === null ? "All heads" : `All heads · ${sentence(asked, rows.query, rows.direction)}`,
    width: names + Math.max(1, ...counts) * pitchX,
    height: names + counts.length * pitchY,
    caption: previewRecipe,
    direction: rows.direction,
    full,
    covers: fullest,
    paint: ({ context }) => {
      context.font = `400 11px ${palette.font}`;
      context.textBaseline = "middle";
      context.textAlign = "center";
      context.fillStyle = palette.muted;
      for (let head = 0; head < Math.max(...counts); head++)
        context.fillText(String(head), names + head * pitchX + surface.width / 2, names / 2);
      for (let layer = 0; layer < counts.length; layer++)
        context.fillText(String(layer), names / 2, names + layer * pitchY + surface.height / 2);
      for (const [row, { layer, head }] of rows.heads.entries()) {
        context.save();
        context.translate(names + head * pitchX, names + layer * pitchY);
        const query = outlined ? rows.query : ([0, 0] as const);
        paintLayer(context, surface, bitmap, layerMarks(surface, rows, row, full), inks, {
          query,
          marked: null,
        });
        context.restore();
      }
    },
  };
}
