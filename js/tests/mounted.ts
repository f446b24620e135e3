import { FakeKernel } from "../dev/fake";
import { models } from "../dev/fake-models";
import { DemoModel } from "../dev/model";
import widget from "../src";
import type { ToldMark } from "../src/surface/told";

/** The whole page over a thought-up kernel, in a document that knows no sizes but these. */
export function mounted(state: Record<string, unknown> = {}, name = "causal") {
  for (const side of ["clientWidth", "clientHeight"])
    Object.defineProperty(HTMLElement.prototype, side, { configurable: true, get: () => 600 });
  const traits = {
    text: "The river bank",
    layer: 0,
    head: 1,
    query: [0, 1],
    direction: "reads",
    part: "self",
  };
  const kernel = new FakeKernel(models[name] as never);
  const model = new DemoModel(kernel, { ...traits, chart: 0, view: "matrix", ...state }, 0);
  const { initialize, render } = widget();
  initialize({ model, signal: new AbortController().signal } as never);
  const host = document.body.appendChild(document.createElement("div"));
  const close = render({ model, el: host } as never) as unknown as () => void;
  return { model, host, close };
}

/** The tokens of the first text, as they are painted. */
export function marksIn(host: Element): ToldMark[] {
  return host.querySelector<Element & { marks?: () => ToldMark[] }>(".aw-field")?.marks?.() ?? [];
}
