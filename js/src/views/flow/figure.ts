import { type Figure, tallestFigure } from "../../display/figures";
import type { Palette } from "../../lib/colour";
import { shortLabel } from "../../lib/format";
import { paintFlow } from "./paint";
import { type FlowFrame, flowCurves, wholeFlow } from "./scene";
import type { SparseFlow } from "./sparse-flow";

const most = 4000;

/** What grey and the numbers are. */
export const flowLegend =
  "grey: what stays on its token, by this rule half of every step · numbers: the inputs’ shares, which sum to 1";

/** Which tokens are not drawn. */
export function rowsNote({ places, all }: SparseFlow): string {
  return places.length < all ? ` · the ${places.length} of ${all} tokens that such an edge touches` : "";
}

/** The flow as it is on the page, what is scrolled out of sight with it, as far as a picture reaches. */
export function flowFigure(
  flow: SparseFlow,
  frame: FlowFrame,
  names: readonly string[],
  least: number,
  palette: Palette,
): Figure {
  const whole = wholeFlow(frame, tallestFigure);
  const { curves, passing } = flowCurves(whole, flow, least, most);
  const count = flow.pieces.length;
  const picture = {
    names,
    curves,
    reached: (level: number, token: number) => flow.reached[level * count + token] ?? 0,
    query: flow.query,
    looked: null,
    marked: null,
  };
  const cut = whole.height < whole.full ? ` · cut at ${whole.seen[1]} of ${count} tokens` : "";
  const left = passing > curves.length ? `, of ${passing}` : "";
  return {
    name: "flow",
    title: `What flows into “${shortLabel(flow.pieces[flow.query], 28)}”`,
    width: whole.width,
    height: whole.height,
    caption: `${flow.recipe} · ${curves.length} edges of at least ${+(least * 100).toFixed(1)} %${left}${rowsNote(flow)}${cut} · ${flowLegend}`,
    direction: "reads",
    full: null,
    paint: (brush) => paintFlow(brush, whole, picture, palette),
  };
}
