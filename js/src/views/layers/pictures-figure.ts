import { sentence } from "../../controls/Toolbar";
import type { Figure, FigureLook } from "../../display/figures";
import type { View } from "../../display/view";
import type { StripOnShow } from "../../focus/strips";
import { fullest, layerMarks, paintLayer, smallInks } from "../../surface/picture/paint";
import { PatchSurface } from "../../surface/picture/patches";
import type { PatchPlace, PictureTold, Tokens } from "../../wire/types";
import { recipeOf } from "./words";

interface Drawn {
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
  readonly strip: StripOnShow;
  readonly asked: Tokens;
  readonly bitmap: ImageBitmap;
  readonly full: number;
}

const side = 180;
const abreast = 4;
const gap = 12;
const words = 18;

/** All layers as pictures, four in a line. */
export function picturesFigure(
  { derived }: View,
  { picture, places, strip, asked, bitmap, full }: Drawn,
  { palette, outlined }: FigureLook,
): Figure {
  const surface = new PatchSurface(picture, 0, places, side * Math.min(1, picture.width / picture.height));
  const signed = strip.signed === true;
  const inks = smallInks(palette, strip.direction, signed);
  const columns = Math.min(abreast, strip.layers);
  const [pitchX, pitchY] = [surface.width + gap, surface.height + words + gap];
  return {
    name: "layers",
    title: `${sentence(asked, strip.query, strip.direction)}, layer by layer`,
    width: columns * pitchX - gap,
    height: Math.ceil(strip.layers / columns) * pitchY - gap,
    caption: recipeOf(strip, derived.filter.peek(), derived.scale.peek()),
    direction: strip.direction,
    full,
    signed,
    covers: fullest,
    paint: ({ context }) => {
      for (let layer = 0; layer < strip.layers; layer++) {
        context.save();
        context.translate((layer % columns) * pitchX, Math.floor(layer / columns) * pitchY);
        const marks = layerMarks(surface, strip, layer, full);
        const query = outlined ? strip.query : ([0, 0] as const);
        paintLayer(context, surface, bitmap, marks, inks, { query, marked: null });
        context.fillStyle = palette.muted;
        context.font = `400 11px ${palette.font}`;
        context.textAlign = "left";
        context.textBaseline = "middle";
        context.fillText(`layer ${layer}`, 0, surface.height + words / 2 + 1);
        context.restore();
      }
    },
  };
}
