import { useLayoutEffect, useRef } from "preact/hooks";
import { type UnderGrid, underGrid } from "../layout/balance";
import { ChartPane } from "./ChartPane";
import { Editor } from "./Editor";
import { Finder, Kept } from "./Finder";
import { Header } from "./Header";
import { HeadFacts } from "./HeadFacts";
import { HeadGrid } from "./HeadGrid";
import { Help } from "./Help";
import { Expectations, Neighbours } from "./Readout";
import { ShadeChoice } from "./ShadeChoice";
import { Stage } from "./Stage";
import { ProgressLine } from "./Status";
import { Toolbar } from "./Toolbar";
import { useView, useWidth } from "./view";

export function Explorer() {
  const { session, derived } = useView();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const direction = derived.direction.value;
  const caution = session.shown.value?.frame.header.caution ?? "";
  const model = session.about.value?.model;
  const grown = session.traits.view.value === "model";
  const under = grown
    ? "nothing"
    : underGrid(session.heads.value, width, model != null && model.predicts !== null);
  return (
    <div
      ref={frame}
      class="aw-frame"
      data-direction={direction}
      data-chart={session.charts.revision.value > 0 || undefined}
      data-stale={session.problem.value !== null || undefined}
    >
      <Header />
      <Help />
      <ProgressLine />
      <Editor />
      <Toolbar />
      <div class="aw-columns">
        <div class="aw-heads">
          {grown ? (
            <Finder />
          ) : (
            <>
              <ShadeChoice />
              <HeadGrid />
              <Kept />
            </>
          )}
          <HeadFacts long={under === "long facts"} />
          <UnderHeads under={under} />
        </div>
        <Stage />
        <ChartPane />
      </div>
      <Below under={under} />
      {caution !== "" && <footer class="aw-caution">{caution}</footer>}
      <Painted />
    </div>
  );
}

function UnderHeads({ under }: { readonly under: UnderGrid }) {
  if (under !== "neighbours" && under !== "expectations") return null;
  return <div class="aw-readout">{under === "neighbours" ? <Neighbours /> : <Expectations />}</div>;
}

function Below({ under }: { readonly under: UnderGrid }) {
  const { derived } = useView();
  if (derived.tokens.value === null || (under === "neighbours" && derived.predictions.value === null))
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
  useLayoutEffect(() => {
    const root = ref.current?.closest<HTMLElement>(".attnwidget");
    if (shown === null || root == null) return;
    root.dataset.frameId = shown.id;
    root.dataset.paintedTextLength = String(shown.text.length);
    const request = requestAnimationFrame((now) => session.painted(shown, Math.max(now, performance.now())));
    return () => cancelAnimationFrame(request);
  }, [session, shown]);
  return <span ref={ref} hidden />;
}
