import { useLastGood } from "../../display/last-good";
import { useView } from "../../display/view";
import { shorten } from "../../lib/format";
import { Changes } from "./Changes";
import { compareWish } from "./difference";

/** What became of a head's map since a text was held: the text on show minus that one, over the tokens of both. */
export function CompareView() {
  const view = useView();
  const { session } = view;
  const { against } = session.traits.look.value;
  const { value, problem } = session.memory.answer(compareWish(view));
  const { value: shown, late, current } = useLastGood(session, value);
  if (against === "") return <Invitation />;
  if (session.shown.value?.text === against) return <Unchanged against={against} />;
  return (
    <figure class="aw-view">
      <Held against={against} />
      {shown === null || (problem !== null && late) ? (
        <p class="aw-view-state">{problem ?? "Comparing…"}</p>
      ) : (
        <Changes difference={shown} late={late} current={current} />
      )}
    </figure>
  );
}

function Invitation() {
  const { session } = useView();
  const text = session.shown.value?.text ?? "";
  return (
    <div class="aw-view-state">
      <p>Hold this text, then edit it: what changes in every head shows here, token by token.</p>
      <button
        type="button"
        class="aw-hold"
        disabled={text === ""}
        onClick={() => session.setLook({ against: text })}
      >
        Hold this text
      </button>
    </div>
  );
}

/** The text that is held, and the same one above: a map of noughts would say no more. */
function Unchanged({ against }: { readonly against: string }) {
  return (
    <div class="aw-view">
      <Held against={against} />
      <p class="aw-view-state">The text is held. Edit it above: what changes shows here.</p>
    </div>
  );
}

function Held({ against }: { readonly against: string }) {
  const { session } = useView();
  const text = session.shown.value?.text ?? "";
  return (
    <div class="aw-view-head">
      <h3>
        the text above <span class="aw-unit">minus</span> “<bdi title={against}>{shorten(against, 40)}</bdi>”
      </h3>
      <span class="aw-held">
        {text !== against && (
          <button
            type="button"
            onClick={() => session.useText(against)}
            title="Puts the held text into the editor"
          >
            edit it
          </button>
        )}
        {text !== against && (
          <button
            type="button"
            onClick={() => session.setLook({ against: text })}
            title="Compares with the text above from now on"
          >
            hold this one
          </button>
        )}
        <button type="button" onClick={() => session.setLook({ against: "" })} title="Stops comparing">
          release
        </button>
      </span>
    </div>
  );
}
