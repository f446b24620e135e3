import { type Figure, tallestFigure } from "../../display/figures";
import { textMeasurer } from "../../display/measure";
import type { Palette } from "../../lib/colour";
import { changesFirst, clauses, count, weight } from "../../lib/format";
import type { Crops } from "../../surface/picture/crops";
import type { LaneFlow } from "./lanes";
import { paintFlow } from "./paint";
import { type FlowFrame, placeBands, wholeFlow } from "./scene";
import { pathInWords } from "./words";

/** What grey, width, tone and the numbers are. */
const legend =
  "width, tone and numbers: shares of all that flows, whatever the scale · grey: what stays on its word, by this rule half of every step";

/** How it was made, and what is summed up. */
export function recipeOf(flow: LaneFlow, least: number): string {
  const rest = flow.lanes.find((lane) => lane.rest);
  const summed =
    rest === undefined
      ? ""
      : `words of less than ${+(least * 100).toFixed(1)} % flow together: ${count(rest.tokens.length, "token")}`;
  const known =
    flow.known < 0.995
      ? `of each layer the strongest edges are known, which carry ${weight(flow.known)} of it or more; the others are spread in proportion`
      : "";
  return clauses(summed, legend, known, changesFirst(flow.recipe));
}

/** The flow as it is on the page, what is scrolled out of sight with it, as far as a picture reaches. */
export function flowFigure(
  flow: LaneFlow,
  frame: FlowFrame,
  least: number,
  palette: Palette,
  crops: Crops | null = null,
): Figure {
  const whole = wholeFlow(frame, tallestFigure);
  const bands = placeBands(whole, flow);
  const measure = textMeasurer();
  return {
    name: "flow",
    title: `What flows into “${flow.lanes[flow.query]?.name ?? ""}”`,
    width: whole.width,
    height: whole.height,
    caption: `${pathInWords(flow, null)} · ${recipeOf(flow, least)}`,
    direction: "reads",
    full: null,
    paint: (brush) =>
      paintFlow(brush, whole, { flow, bands, path: null, looked: null, measure, crops }, palette),
  };
}
