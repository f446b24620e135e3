import { useEffect, useMemo, useRef } from "preact/hooks";
import { Boundary } from "../../display/Boundary";
import { useView, useWidth, type View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import type { NodePlace } from "../../wire/types";
import { clear, repaint } from "../area/painting";
import { takeArrow, tokenAt } from "../area/pointing";
import "../area/style.css";
import { inksOf } from "../Heat";
import { look, looksOf, markLook, pinIn } from "../looks";
import { NodeSurface } from "./nodes";
import { type GraphInks, paintEdges, paintNodes } from "./paint";
import "./style.css";

type Edges = readonly [readonly number[], readonly number[]];

/** The nodes of a graph and its edges, in place of a text. */
export function GraphField({ number }: { readonly number: FieldNumber }) {
  const { session, derived } = useView();
  const { tokens } = derived.fields[number].value;
  const nodes = tokens?.nodes ?? none;
  const { edges = noEdges, untold = 0 } = session.shown.value?.frame.header ?? {};
  const all = edges[0].length + untold;
  return (
    <div class="aw-field aw-graph-field" data-field={number}>
      <Boundary of="The graph">
        <Net number={number} nodes={nodes} edges={edges} names={tokens?.pieces ?? noNames} />
      </Boundary>
      <p class="aw-graph-note">
        {nodes.length.toLocaleString("en")} nodes, {all.toLocaleString("en")} edges
        {untold > 0 && `, ${edges[0].length.toLocaleString("en")} of them drawn`} · an arrow points at the
        node that reads
      </p>
    </div>
  );
}

const none: readonly NodePlace[] = [];
const noNames: readonly string[] = [];
const noEdges: Edges = [[], []];

interface NetProps {
  readonly number: FieldNumber;
  readonly nodes: readonly NodePlace[];
  readonly edges: Edges;
  readonly names: readonly string[];
}

/** Edges on one canvas, what is read on another over it: only that is painted when the pointer moves. */
function Net({ number, nodes, edges, names }: NetProps) {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const ground = useRef<HTMLCanvasElement>(null);
  const heat = useRef<HTMLCanvasElement>(null);
  const width = useWidth(host);
  const height = Math.max(160, Math.round(1.3 * view.layout.value.picture));
  // Every frame brings the same graph again: only another one is laid out anew.
  const graph = JSON.stringify([nodes, edges, names]);
  const surface = useMemo(() => new NodeSurface(nodes, Math.max(1, width), height), [graph, width, height]);
  useEffect(() => {
    if (host.current === null || ground.current === null || heat.current === null || width === 0) return;
    const life = new AbortController();
    keepPainted(view, number, surface, edges, names, ground.current, heat.current, life.signal);
    hear(view, number, surface, host.current, life.signal);
    return () => life.abort();
  }, [view, number, surface]);
  return (
    <div
      ref={host}
      class="aw-area aw-graph"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move the query over its nodes
      tabIndex={0}
      role="img"
      aria-label={`Graph of ${nodes.length} nodes and ${edges[0].length} edges. Arrows move the query.`}
      style={{ height: `${height}px` }}
      data-stale={view.session.problem.value !== null}
    >
      <canvas ref={ground} aria-hidden="true" />
      <canvas ref={heat} aria-hidden="true" />
    </div>
  );
}

function keepPainted(
  view: View,
  number: FieldNumber,
  surface: NodeSurface,
  edges: Edges,
  names: readonly string[],
  ground: HTMLCanvasElement,
  heat: HTMLCanvasElement,
  signal: AbortSignal,
): void {
  const { environment, palette } = view;
  const [under, over] = [ground.getContext("2d"), heat.getContext("2d")];
  const box = heat.parentElement;
  if (under === null || over === null || box === null) return;
  let edged = "";
  repaint(view, number, signal, () => {
    const looks = looksOf(view, number);
    const { backgroundColor, lightingColor } = getComputedStyle(box);
    const inks: GraphInks = { ...inksOf(box, palette.peek()), ground: backgroundColor, line: lightingColor };
    const ratio = environment.ratio.peek();
    const now = `${inks.line} ${ratio}`;
    if (now !== edged) {
      edged = now;
      clear(under, surface, ratio);
      paintEdges(under, surface, edges, inks.line);
    }
    const marks = surface.points.map((_, token) => ({ token, ...markLook(looks, [token]) }));
    const [start, stop] = looks.focus[1] > looks.focus[0] ? looks.focus : looks.pinned;
    const from = Array.from({ length: stop - start }, (_, place) => start + place);
    clear(over, surface, ratio);
    paintNodes(over, surface, marks, names, { from, towards: looks.direction === "reads" }, inks);
  });
}

/** The pointer looks from a node, a click chooses it, the arrows go on to its neighbours in the picture. */
function hear(
  view: View,
  number: FieldNumber,
  surface: NodeSurface,
  host: HTMLElement,
  signal: AbortSignal,
): void {
  const moved = (event: PointerEvent) => look(view, number, tokenAt(event, host, surface));
  const left = () => look(view, number, null);
  const pressed = (event: PointerEvent) => {
    const token = event.button === 0 ? tokenAt(event, host, surface) : null;
    if (token === null) return;
    look(view, number, null);
    pinIn(view, number, [token, token + 1]);
  };
  const typed = (event: KeyboardEvent) => {
    const step = takeArrow(event);
    if (step === null) return;
    const token = surface.beside(view.session.traits.query.peek()[0], ...step);
    if (token !== null) pinIn(view, number, [token, token + 1]);
  };
  host.addEventListener("pointermove", moved, { signal });
  host.addEventListener("pointerleave", left, { signal });
  host.addEventListener("pointerdown", pressed, { signal });
  host.addEventListener("keydown", typed, { signal });
}
