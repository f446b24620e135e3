import { type Figure, type FigureLook, tallestFigure } from "../../display/figures";
import { pieceLabel } from "../../lib/format";
import { paintNeuron, paintPair } from "./paint";
import { productsOf, sentenceOf, strongestDimensions } from "./pair";
import { neuronPicture, type Shown } from "./picture";
import { type NeuronScene, pairScene } from "./scene";

const gap = 14;

/** Makes the scene of what is shown: on the page what is seen of it, in a figure as much as may be. */
export type LayNeuron = (offset: number, tallest?: number) => NeuronScene;

/** What is in sight, without half of a row. */
function wholeRows(lay: LayNeuron, offset: number): NeuronScene {
  const { pitch, top, height } = lay(offset);
  return lay(Math.ceil(offset / pitch) * pitch, top + Math.floor((height - top) / pitch) * pitch);
}

/** The opened pair over the rows: all of them where all vectors are known, else those in sight. */
export function neuronFigure(
  shown: Shown,
  lay: LayNeuron,
  offset: number,
  recipe: string,
  { palette }: FigureLook,
): Figure {
  const { pairs, key } = shown;
  const all = pairs.vectors.size === pairs.weight.length;
  const scene = { ...(all ? lay(0, tallestFigure) : wholeRows(lay, offset)), looked: null, stripes: [] };
  const k = pairs.vectors.get(key);
  const pair = pairScene(scene.width, pairs.q.length, null);
  const below = k === undefined ? 0 : pair.height + gap;
  const [from, to] = scene.seen;
  const cut = to - from < shown.order.length ? ` · ${to - from} of ${shown.order.length} keys` : "";
  const names = `“${pieceLabel(pairs.piece)}” and “${pieceLabel(pairs.pieces[key])}”`;
  return {
    name: "neuron",
    title: `How “${pieceLabel(pairs.piece)}” attends · Layer ${pairs.layer} · Head ${pairs.head}`,
    width: scene.width,
    height: scene.height + below,
    caption: `${names}: ${sentenceOf(pairs, key)} · ${recipe}${cut}`,
    direction: "reads",
    full: null,
    paint: (brush) => {
      if (k !== undefined) {
        const products = productsOf(pairs.q, k);
        const marked = strongestDimensions(products, 5);
        paintPair(brush, pair, { vectors: [pairs.q, k, products], marked }, palette);
        brush.context.translate(0, below);
      }
      paintNeuron(brush, scene, neuronPicture(shown, scene, palette), palette);
    },
  };
}
