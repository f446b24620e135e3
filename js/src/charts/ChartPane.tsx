import type { ReadonlySignal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useView, type View } from "../display/view";
import { linkSources } from "../session/links";
import type { Theme } from "../wire/types";
import { bokehOf, embed } from "./bokeh";

/** The figure that `ex.beside(figure)` put next to the stage. */
export function ChartPane() {
  const { session } = useView();
  const pane = useRef<HTMLElement>(null);
  if (session.charts.revision.value === 0) return null;
  const close = () => {
    // The button goes away; whoever came by keyboard stays in the explorer.
    pane.current?.closest(".aw-frame")?.querySelector<HTMLElement>('.aw-stage [role="grid"]')?.focus();
    session.closeChart();
  };
  return (
    <section ref={pane} class="aw-chart" aria-label="Chart">
      <button type="button" class="aw-close" aria-label="Close the chart" title="Close" onClick={close} />
      <Figure />
    </section>
  );
}

type State = "loading" | "shown" | Error;

function Figure() {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>("loading");
  const again = useReturns(view.session.closed, state instanceof Error);
  const revision = view.session.charts.revision.value;
  const theme: Theme = view.environment.dark.value ? "dark" : "light";
  useLayoutEffect(() => {
    const place = host.current;
    if (place === null) return;
    const life = new AbortController();
    const tell = (next: State) => {
      if (life.signal.aborted) return;
      if (next !== "loading") place.style.minHeight = "";
      setState(next);
    };
    tell("loading");
    show(view, theme, place, life.signal).then(
      () => tell("shown"),
      (error: unknown) => {
        tell(error instanceof Error ? error : new Error(String(error)));
        life.abort();
      },
    );
    return () => {
      // The page must not jump while one figure follows another.
      place.style.minHeight = `${place.offsetHeight}px`;
      life.abort();
    };
  }, [view, revision, theme, again]);
  return (
    <>
      {state === "loading" && <p class="aw-chart-state">Loading chart…</p>}
      {/* Read out; that a chart is on its way is not, as it may come with every step of a loop. */}
      <p class="aw-chart-state" role="status" data-failed hidden={!(state instanceof Error)}>
        {state instanceof Error ? state.message : ""}
      </p>
      <div
        ref={host}
        class="aw-chart-figure"
        data-state={state instanceof Error ? "failed" : state}
        data-theme={theme}
      />
    </>
  );
}

/** How often the kernel has come back to what had failed. */
function useReturns(closed: ReadonlySignal<boolean>, failed: boolean): number {
  const [count, setCount] = useState(0);
  useLayoutEffect(() => {
    let gone = false;
    if (!failed) return;
    return closed.subscribe((now) => {
      if (gone && !now) setCount((before) => before + 1);
      gone = now;
    });
  }, [closed, failed]);
  return count;
}

/** Each figure gets an element of its own, so that one on its way out never meets the next one. */
async function show({ session }: View, theme: Theme, host: HTMLElement, abort: AbortSignal): Promise<void> {
  const { version, item } = await session.charts.chart(theme);
  const bokeh = await bokehOf(version, () => session.charts.script());
  await onThePage(host, abort);
  if (abort.aborted) return;
  const place = document.createElement("div");
  host.append(place);
  abort.addEventListener("abort", () => place.remove(), { once: true });
  const models = await embed(bokeh, item, place, abort);
  if (!abort.aborted) linkSources(models, session, abort);
}

/** A notebook may make a cell's output before it puts it anywhere; Bokeh draws only where it can be seen. */
function onThePage(host: HTMLElement, abort: AbortSignal): Promise<void> {
  if (host.isConnected) return Promise.resolve();
  return new Promise((resolve) => {
    const observer = new ResizeObserver(() => {
      if (host.isConnected) end();
    });
    const end = () => {
      observer.disconnect();
      abort.removeEventListener("abort", end);
      resolve();
    };
    observer.observe(host);
    abort.addEventListener("abort", end);
  });
}
