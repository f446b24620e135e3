import { useEffect, useMemo, useRef } from "preact/hooks";
import { Boundary } from "../../display/Boundary";
import { useView, useWidth, type View } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { guarded, watch } from "../../session/watch";
import type { NodePlace } from "../../wire/types";
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
  const edges = session.shown.value?.frame.header.edges ?? noEdges;
  const count = edges[0].length;
  return (
    <div class="aw-field aw-graph-field" data-field={number}>
      <Boundary of="The graph">
        <Net number={number} nodes={nodes} edges={edges} names={tokens?.pieces ?? noNames} />
      </Boundary>
      <p class="aw-graph-note">
        {nodes.length.toLocaleString("en")} nodes, {count.toLocaleString("en")} edges
        {count === mostEdges && " are drawn, and more have weights"} · an arrow points at the node that reads
      </p>
    </div>
  );
}

const none: readonly NodePlace[] = [];
const noNames: readonly string[] = [];
const noEdges: Edges = [[], []];
/** What the kernel tells of at most (attnwidget/frames/graph.py). */
const mostEdges = 20_000;

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
  // Every frame brings the same nodes again: only other ones are laid out anew.
  const same = JSON.stringify(nodes);
  const surface = useMemo(() => new NodeSurface(nodes, Math.max(1, width), height), [same, width, height]);
  const drawn = JSON.stringify(edges);
  useEffect(() => {
    if (host.current === null || ground.current === null || heat.current === null || width === 0) return;
    const life = new AbortController();
    keepPainted(view, number, surface, edges, names, ground.current, heat.current, life.signal);
    hear(view, number, surface, host.current, life.signal);
    return () => life.abort();
  }, [view, number, surface, drawn, names.join("\n")]);
  return (
    <div
      ref={host}
      class="aw-graph"
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
  const { session, environment, palette } = view;
  const [under, over] = [ground.getContext("2d"), heat.getContext("2d")];
  const box = heat.parentElement;
  if (under === null || over === null || box === null) return;
  let frame = 0;
  let edged = "";
  const clear = (canvas: HTMLCanvasElement, context: CanvasRenderingContext2D) => {
    const ratio = environment.ratio.peek();
    const [across, down] = [Math.round(surface.width * ratio), Math.round(surface.height * ratio)];
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, down);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  };
  const paint = () => {
    frame = 0;
    const looks = looksOf(view, number);
    const { backgroundColor, lightingColor } = getComputedStyle(box);
    const inks: GraphInks = { ...inksOf(box, palette.peek()), ground: backgroundColor, line: lightingColor };
    const now = `${inks.line} ${environment.ratio.peek()}`;
    if (now !== edged) {
      edged = now;
      clear(ground, under);
      paintEdges(under, surface, edges, inks.line);
    }
    const marks = surface.points.map((_, token) => ({ token, ...markLook(looks, [token]) }));
    const [start, stop] = looks.focus[1] > looks.focus[0] ? looks.focus : looks.pinned;
    const from = Array.from({ length: stop - start }, (_, place) => start + place);
    clear(heat, over);
    paintNodes(over, surface, marks, names, { from, towards: looks.direction === "reads" }, inks);
  };
  const soon = () => {
    if (frame === 0) frame = requestAnimationFrame(guarded(session, paint));
  };
  watch(session, signal, () => {
    looksOf(view, number);
    palette.value;
    environment.ratio.value;
    soon();
  });
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
}

/** The pointer looks from a node, a click chooses it, the arrows go on to its neighbours in the picture. */
function hear(
  view: View,
  number: FieldNumber,
  surface: NodeSurface,
  host: HTMLElement,
  signal: AbortSignal,
): void {
  const at = (event: PointerEvent) => {
    const { left, top, width } = host.getBoundingClientRect();
    const scale = width / surface.width;
    return surface.hit((event.clientX - left) / scale, (event.clientY - top) / scale);
  };
  const moved = (event: PointerEvent) => look(view, number, at(event));
  const left = () => look(view, number, null);
  const pressed = (event: PointerEvent) => {
    const token = event.button === 0 ? at(event) : null;
    if (token === null) return;
    look(view, number, null);
    pinIn(view, number, [token, token + 1]);
  };
  const typed = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const token = surface.beside(view.session.traits.query.peek()[0], ...step);
    if (token !== null) pinIn(view, number, [token, token + 1]);
  };
  host.addEventListener("pointermove", moved, { signal });
  host.addEventListener("pointerleave", left, { signal });
  host.addEventListener("pointerdown", pressed, { signal });
  host.addEventListener("keydown", typed, { signal });
}

const steps: Readonly<Record<string, readonly [across: number, down: number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
