import { count, weight } from "../lib/format";
import type { Problem, Session } from "../state";
import { useView } from "./view";

/** The line under the text: what went wrong or is on its way, and the scale of the colours. */
export function Status() {
  const { session } = useView();
  const problem = session.closed.value ? null : session.problem.value;
  return (
    <div class="aw-underline">
      <div class="aw-status" role="status" aria-live="polite" data-kind={kindOf(session)}>
        {sentence(session)}
        {problem?.code === "too_long" && problem.limit !== undefined && (
          <button type="button" class="aw-first" onClick={() => session.showFirst()}>
            Show the first {problem.limit.toLocaleString("en")} tokens
          </button>
        )}
      </div>
      <Legend />
    </div>
  );
}

function kindOf(session: Session): "error" | "hint" | undefined {
  if (session.closed.value) return "error";
  const problem: Problem | null = session.problem.value;
  if (problem === null) return undefined;
  return problem.code === "empty" ? "hint" : "error";
}

function sentence(session: Session): string {
  if (session.closed.value) return "The kernel was restarted. Run the cell again to go on.";
  const problem = session.problem.value;
  if (problem !== null) return problem.message;
  if (session.progress.value === null && session.waiting.value) return "waiting for the kernel…";
  const truncated = session.shown.value?.frame.header.truncated ?? null;
  if (truncated === null) return session.about.value?.fixed ?? "";
  return `first ${truncated.shown.toLocaleString("en")} of ${count(truncated.total, "token")} shown`;
}

function Legend() {
  const { derived } = useView();
  const heat = derived.heat.value;
  if (heat === null) return null;
  const hatched = Array.from(heat.sinks).some((token) => (heat.tones[token] ?? 0) > 0);
  return (
    <div class="aw-legend">
      <span class="aw-number">0</span>
      <span class="aw-legend-ramp" />
      <span class="aw-number aw-legend-peak">{weight(heat.peak)}</span>
      <span>square-root tone</span>
      {hatched && (
        <span>
          <span class="aw-legend-hatch" /> sink
        </span>
      )}
    </div>
  );
}

export function ProgressLine() {
  const { session } = useView();
  const progress = session.progress.value;
  const share = progress === null || progress.total <= 0 ? null : Math.min(1, progress.done / progress.total);
  return (
    <div class="aw-progress" data-busy={session.waiting.value || share !== null}>
      <span style={{ transform: `scaleX(${share ?? 0})` }} />
    </div>
  );
}
