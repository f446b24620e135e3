import { useEffect } from "preact/hooks";
import { useLastGood } from "../../display/last-good";
import { useView } from "../../display/view";
import { standsIn } from "../../focus/fields";
import { searchOf } from "../../heads/search";
import type { Session } from "../../session/session";
import type { Metric } from "../../wire/metric";
import { ChangedMost, Clearer } from "./Caption";
import { Changes } from "./Changes";
import { changesSoFar, changesWish, compareWish } from "./difference";
import { ExpectedBoth } from "./Expected";
import { Replaced } from "./Replaced";

/** What became of a head's map since a text was held: the text on show minus that one, over the tokens of both. */
export function CompareView() {
  const view = useView();
  const { session, layout } = view;
  const { against } = session.traits.look.value;
  const { value, problem } = session.memory.answer(compareWish(view));
  const { value: shown, late, current } = useLastGood(session, value);
  const changes = changesSoFar(view);
  const whole = session.memory.answer(changesWish(view)).value ?? null;
  useGrid(session, changes);
  if (against === "") return <Invitation />;
  if (session.shown.value?.text === against) return <Unchanged />;
  return (
    <figure class="aw-view">
      <div class="aw-compared">
        {shown !== null && current && <Replaced difference={shown} />}
        <Held />
        {shown !== null && current && whole !== null && <Clearer difference={shown} changes={whole} />}
      </div>
      {shown !== null && (
        <div class="aw-what-changed">
          {layout.value.readout === "band" && <ExpectedBoth />}
          <ChangedMost looked={shown} changes={changes} />
        </div>
      )}
      {shown === null || (problem !== null && late) ? (
        <p class="aw-view-state">{problem ?? "Comparing…"}</p>
      ) : (
        <Changes difference={shown} late={late} current={current} />
      )}
    </figure>
  );
}

/** The grid of heads shows how much each of them changed, as long as that is compared. */
function useGrid(session: Session, metric: Metric | null): void {
  useEffect(() => {
    searchOf(session).change.value = metric;
    return () => {
      searchOf(session).change.value = null;
    };
  }, [session, metric]);
}

function Invitation() {
  const { session } = useView();
  const text = session.shown.value?.text ?? "";
  return (
    <div class="aw-view-state">
      <p>
        {standsIn(session, 0) === "picture"
          ? "Hold this picture, then choose another: what changes in every head shows here, patch by patch."
          : "Hold this text, then edit it: what changes in every head shows here, token by token."}
      </p>
      <button
        type="button"
        class="aw-hold"
        disabled={text === ""}
        onClick={() => session.setLook({ against: text })}
      >
        Hold this {standsIn(session, 0)}
      </button>
    </div>
  );
}

/** The text that is held, and the same one above: a map of noughts would say no more. */
function Unchanged() {
  const { session } = useView();
  return (
    <div class="aw-view">
      <Held />
      <p class="aw-view-state">
        {standsIn(session, 0) === "picture"
          ? "The picture is held. Choose another above: what changes shows here."
          : "The text is held. Edit it above: what changes shows here."}
      </p>
    </div>
  );
}

function Held() {
  const { session } = useView();
  const text = session.shown.value?.text ?? "";
  const { against } = session.traits.look.value;
  const pictured = standsIn(session, 0) === "picture";
  return (
    <span class="aw-held">
      {text !== against && (
        <button
          type="button"
          onClick={() => session.useText(against)}
          title={pictured ? "Shows the held picture" : `Puts the held text into the editor: ${against}`}
        >
          {pictured ? "show it" : "edit it"}
        </button>
      )}
      {text !== against && (
        <button
          type="button"
          onClick={() => session.setLook({ against: text })}
          title={`Compares with the ${standsIn(session, 0)} above from now on`}
        >
          hold this one
        </button>
      )}
      <button type="button" onClick={() => session.setLook({ against: "" })} title="Stops comparing">
        release
      </button>
    </span>
  );
}
