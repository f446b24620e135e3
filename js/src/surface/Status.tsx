import { useView } from "../display/view";
import { count, grouped } from "../lib/format";
import { version } from "../lib/version";
import { readsOf, restInWords } from "../session/hints";
import type { Session } from "../session/session";
import { QuietWhatIf } from "../what-if/WhatIf";
import { lost } from "../wire/problem";
import type { Problem } from "../wire/types";
import { Continue } from "./Continue";
import { Legend } from "./Legend";
import { AddSecond } from "./SecondText";
import { Search } from "./search/Search";

/** The line under the text: what went wrong or is on its way, and the scale of the colours. */
export function Status() {
  const { session } = useView();
  const turns = session.turns.of(session.traits.text.value) !== null;
  const problem = session.closed.value ? null : session.problem.value;
  return (
    <div class="aw-underline">
      <QuietWhatIf />
      {!turns && <Continue />}
      <AddSecond />
      <Search />
      <div class="aw-status" role="status" aria-live="polite" data-kind={kindOf(session)}>
        {sentence(session) || <Shown />}
        {problem?.code === "too_long" && problem.limit !== undefined && (
          <button type="button" class="aw-first" onClick={() => session.showFirst()}>
            Show the first {grouped(problem.limit)} tokens
          </button>
        )}
      </div>
      <Pace />
      <Legend />
    </div>
  );
}

/** What is worth looking at, and where more is to be seen. */
function Shown() {
  const { session } = useView();
  const hint = session.hint.value;
  // Under changes somebody knows what he looks at, and the scale of a difference needs the room.
  if (hint === null || session.traits.edits.value.length > 0) return null;
  const { sentence, next, ofHead } = hint;
  const stats = session.current.value ? session.shown.value?.frame.header.stats : undefined;
  const rest = ofHead && stats !== undefined ? restInWords(stats) : "";
  return (
    <>
      {sentence}
      {rest !== "" && ` ${rest}`}
      {next !== null && (
        <button
          type="button"
          class="aw-next"
          title={`Its ${next.pattern} score is ${next.score.toFixed(2)} on this text`}
          onClick={() => session.useSight(next)}
        >
          go on to L{next.layer}H{next.head}: {readsOf(next)}
        </button>
      )}
    </>
  );
}

function kindOf(session: Session): "error" | "hint" | undefined {
  if (session.closed.value) return "error";
  const problem: Problem | null = session.problem.value;
  if (problem === null) return otherVersion(session) === null ? undefined : "hint";
  return problem.code === "empty" ? "hint" : "error";
}

function sentence(session: Session): string {
  if (session.closed.value) return lost;
  const problem = session.problem.value;
  if (problem !== null) return problem.message;
  const progress = session.progress.value;
  if (session.waiting.value && progress === null && session.silent.value)
    return "waiting for the kernel: it may be busy with another cell…";
  // How many layers there are is not known before the first reading.
  if (session.waiting.value && (progress === null || progress.total <= 0))
    return session.about.value === null ? "waiting for the kernel…" : "the model is reading…";
  const other = otherVersion(session);
  if (other !== null) return other;
  const truncated = session.shown.value?.frame.header.truncated ?? null;
  if (truncated === null) return session.about.value?.fixed ?? "";
  return `first ${grouped(truncated.shown)} of ${count(truncated.total, "token")} shown`;
}

/** A page that was open while another version was installed still asks what it can, and says what it is. */
function otherVersion(session: Session): string | null {
  const about = session.about.value;
  if (version === null || about === null || about.version === version) return null;
  return `The kernel runs attnwidget ${about.version}, but this page is from ${version}. Reload the page.`;
}

/** A pass that takes long, in numbers, where no sentence stands. */
function Pace() {
  const { session } = useView();
  const progress = session.progress.value;
  if (progress === null || progress.total <= 0 || !session.waiting.value || session.problem.value !== null)
    return null;
  return (
    <span class="aw-pace aw-number" aria-hidden="true">
      reading: layer {progress.done} of {progress.total}
    </span>
  );
}

/** How far the reading is, in layers that attend. It is drawn and said on request, but never read out by itself: it changes all the time. */
export function ProgressLine() {
  const { session } = useView();
  const progress = session.progress.value;
  const known = progress !== null && progress.total > 0 ? progress : null;
  const share = known === null ? 0 : Math.min(1, known.done / known.total);
  const reading = {
    role: "progressbar",
    "aria-label": "Reading the text",
    "aria-valuemax": known?.total,
    "aria-valuenow": known?.done,
    "aria-valuetext": known === null ? "waiting" : `layer ${known.done} of ${known.total}`,
  } as const;
  const busy = session.waiting.value || known !== null;
  return (
    <div class="aw-progress" data-busy={busy} {...(busy ? reading : {})}>
      <span style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
