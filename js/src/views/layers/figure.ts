import { sentence } from "../../controls/Toolbar";
import { type Figure, type FigureLook, tallestFigure } from "../../display/figures";
import type { StripOnShow } from "../../focus/strips";
import { fullTone, type ToneScale } from "../../lib/colour";
import { count } from "../../lib/format";
import type { Filter } from "../../session/filter";
import type { Tokens } from "../../wire/types";
import { paintLayers } from "./paint";
import { type LayLayers, pictureOf } from "./picture";
import { recipeOf } from "./words";

/** The strip as it is on the page, all its tokens with it, as far as a picture reaches. */
export function layersFigure(
  strip: StripOnShow,
  tokens: Tokens,
  lay: LayLayers,
  filter: Filter,
  scale: ToneScale,
  { palette, outlined }: FigureLook,
): Figure {
  const whole = lay(0, tallestFigure);
  const begin = whole.queryBand === null ? 0 : strip.query[0];
  const first = lay(Math.max(0, begin * whole.tokenPitch - tallestFigure / 2), tallestFigure);
  const scene = { ...first, cross: null, ...(outlined ? {} : { pinned: null, queryBand: null }) };
  const shown = scene.tokenLabels.length;
  const cut = shown < strip.count ? ` · ${shown} of ${count(strip.count, "token")}` : "";
  const { left, layers, layerPitch, area } = scene;
  return {
    name: "layers",
    title: `${sentence(tokens, strip.query, strip.direction)}, layer by layer`,
    width: scene.turned ? left + layers * layerPitch + 4 : Math.min(scene.width, left + area.width + 60),
    height: scene.height,
    caption: recipeOf(strip, filter, scale) + cut,
    direction: strip.direction,
    full: fullTone(scale, strip.peak),
    signed: strip.signed === true,
    paint: (brush) =>
      paintLayers(brush, scene, pictureOf(strip, scene.turned, filter, scale, palette), palette),
  };
}
