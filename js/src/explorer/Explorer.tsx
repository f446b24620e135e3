import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { ChartPane } from "../charts/ChartPane";
import { TermTip } from "../controls/Term";
import { Toolbar } from "../controls/Toolbar";
import { Boundary, Foot } from "../display/Boundary";
import { useGuard } from "../display/guard";
import { useView, useWidth } from "../display/view";
import { type UnderGrid, underGrid } from "../heads/balance";
import { Finder, Kept } from "../heads/Finder";
import { HeadFacts } from "../heads/HeadFacts";
import { HeadGrid } from "../heads/HeadGrid";
import { ShadeChoice } from "../heads/ShadeChoice";
import { Expectations, Neighbours } from "../readout/Readout";
import { Editor } from "../surface/Editor";
import { ProgressLine } from "../surface/Status";
import { viewOf } from "../views/registry";
import { hearMenus } from "../what-if/opening";
import { PopupMenu } from "../what-if/PopupMenu";
import { Header } from "./Header";
import { Help } from "./Help";
import { borders } from "./layout";
import { Stage } from "./Stage";

export function Explorer() {
  const { session, layout } = useView();
  const frame = useRef<HTMLDivElement>(null);
  useAcross(frame);
  useMenus(frame);
  const { columns, narrow, controls, height, tracks, chart, readout, lines, picture } = layout.value;
  const { size, height: fixed } = session.traits.look.value;
  const caution = session.shown.value?.frame.header.caution ?? "";
  return (
    <div
      ref={frame}
      class="aw-frame"
      data-columns={columns}
      data-narrow={narrow || undefined}
      data-controls={controls}
      data-size={size}
      data-fixed={fixed !== null || undefined}
      data-chart={session.charts.revision.value > 0 ? chart : undefined}
      data-stale={session.problem.value !== null || undefined}
      data-behind={session.behind.value || undefined}
      style={{
        "--aw-height": height === null ? "auto" : `${height}px`,
        "--aw-tracks": tracks,
        "--aw-lines": lines,
        "--aw-picture": `${picture}px`,
      }}
    >
      <Boundary of="The words" instead={null}>
        <TermTip />
      </Boundary>
      <Boundary of="The menu" instead={null}>
        <PopupMenu />
      </Boundary>
      <Boundary of="The direction" instead={null}>
        <Directed frame={frame} />
      </Boundary>
      <div class="aw-screen">
        <Boundary of="The header">
          <Header />
          <Help />
        </Boundary>
        <ProgressLine />
        <Editor />
        <Boundary of="The toolbar">
          <Toolbar textOnly={viewOf(session.traits.view.value).ownHeads === true} />
        </Boundary>
        <div class="aw-columns">
          <div class="aw-heads">
            <Boundary of="The grid of heads">
              <Heads />
            </Boundary>
            <Boundary of="The facts about the head">
              <UnderHeads />
            </Boundary>
          </div>
          <Stage />
          {chart === "column" && <Chart />}
          {readout === "column" && (
            <Boundary of="The lists">
              <Beside />
            </Boundary>
          )}
        </div>
      </div>
      {chart === "band" && <Chart />}
      {readout === "band" && (
        <Boundary of="The lists">
          <Below />
        </Boundary>
      )}
      <Foot />
      {caution !== "" && <footer class="aw-caution">{caution}</footer>}
      <Boundary of="The page" instead={null}>
        <Painted />
      </Boundary>
    </div>
  );
}

/** The width says how the parts stand to each other, before anything is painted. */
function useAcross(frame: RefObject<HTMLDivElement | null>): void {
  const { across } = useView();
  const width = useWidth(frame);
  useLayoutEffect(() => {
    across.value = width === 0 ? 0 : width + borders;
  }, [across, width]);
}

/** The menu of what is pointed at, wherever that is. */
function useMenus(frame: RefObject<HTMLDivElement | null>): void {
  const view = useView();
  useEffect(() => {
    if (frame.current === null) return;
    const life = new AbortController();
    hearMenus(view, frame.current, life.signal);
    return () => life.abort();
  }, [frame, view]);
}

function Chart() {
  return (
    <Boundary of="The chart">
      <ChartPane />
    </Boundary>
  );
}

/** Which way the eye looks, for the style sheet. */
function Directed({ frame }: { readonly frame: RefObject<HTMLDivElement | null> }) {
  const direction = useView().derived.direction.value;
  useLayoutEffect(() => {
    if (frame.current !== null) frame.current.dataset.direction = direction;
  }, [frame, direction]);
  return null;
}

function Heads() {
  if (useView().session.traits.view.value === "model") return <Finder />;
  return (
    <>
      <ShadeChoice />
      <HeadGrid />
      <Kept />
    </>
  );
}

function useUnder(): UnderGrid {
  const { session, across, layout } = useView();
  const model = session.about.value?.model;
  if (session.traits.view.value === "model" || layout.value.columns === 3) return "nothing";
  return underGrid(session.heads.value, across.value, model != null && model.predicts !== null);
}

function UnderHeads() {
  const under = useUnder();
  return (
    <>
      <HeadFacts long={under === "long facts"} />
      {under === "neighbours" && (
        <div class="aw-readout">
          <Neighbours />
        </div>
      )}
      {under === "expectations" && (
        <div class="aw-readout">
          <Expectations />
        </div>
      )}
    </>
  );
}

/** All lists beside the stage. */
function Beside() {
  const { Expected } = viewOf(useView().session.traits.view.value);
  return (
    <div class="aw-side">
      <div class="aw-readout">
        <Neighbours />
        {Expected === undefined ? <Expectations /> : <Expected instead={<Expectations />} />}
      </div>
    </div>
  );
}

function Below() {
  const { numbers } = useView();
  const under = useUnder();
  if (numbers.tokens.value === null || (under === "neighbours" && numbers.predictions.value === null))
    return null;
  return (
    <div class="aw-readout aw-below">
      {under !== "neighbours" && <Neighbours />}
      {under !== "expectations" && <Expectations />}
    </div>
  );
}

/** Runs after all other parts have painted: says which frame is on the page, and when it came. */
function Painted() {
  const { session } = useView();
  const ref = useRef<HTMLSpanElement>(null);
  const shown = session.shown.value;
  const guard = useGuard();
  useLayoutEffect(() => {
    const root = ref.current?.closest<HTMLElement>(".attnwidget");
    if (shown === null || root == null) return;
    root.dataset.frameId = shown.id;
    root.dataset.paintedTextLength = String(shown.text.length);
    const request = requestAnimationFrame(
      guard((now) => session.painted(shown, Math.max(now, performance.now()))),
    );
    return () => cancelAnimationFrame(request);
  }, [session, shown]);
  return <span ref={ref} hidden />;
}
