import { useView } from "../display/view";
import { pieceLabel } from "../lib/format";
import type { FieldNumber } from "../session/axes";
import { look, pinIn } from "./looks";

/** The text once more, behind the control, in the same metrics: it says where its tokens stand. */
export function Mirror({ number }: { readonly number: FieldNumber }) {
  const { session, derived } = useView();
  const { segments, chips, asks, answers } = derived.fields[number].value;
  const apart = !(asks || answers) || undefined;
  return (
    <div class="aw-mirror" dir="auto" data-stale={session.problem.value !== null} data-apart={apart}>
      <span class="aw-words" aria-hidden="true">
        {segments.map(({ text }) => text).join("")}
        {/* A last empty line has no height by itself. */}
        {"\u200b"}
      </span>
      {chips.trailing.map((token) => (
        <Chip key={`chip ${token}`} token={token} number={number} />
      ))}
    </div>
  );
}

/** The text without its colours: what gives the control its height. */
export function Plain({ number }: { readonly number: FieldNumber }) {
  const { session, local } = useView();
  const { text, pair } = session.traits;
  return (
    <div class="aw-mirror" dir="auto">
      <span aria-hidden="true">
        {local.drafts[number].value ?? (number === 0 ? text.value : pair.value)}
        {"\u200b"}
      </span>
    </div>
  );
}

/** A special token, which is no part of the text. */
export function Chip({ token, number }: { readonly token: number; readonly number: FieldNumber }) {
  const view = useView();
  const { tokens } = view.derived.fields[number].value;
  return (
    <bdi>
      <button
        type="button"
        class="aw-special"
        data-tokens={token}
        title="A token that the tokenizer added. Click to make it the query."
        onClick={() => pinIn(view, number, [token, token + 1])}
        onPointerEnter={() => look(view, number, token)}
        onPointerLeave={() => look(view, number, null)}
      >
        {pieceLabel(tokens?.pieces[token] ?? "")}
      </button>
    </bdi>
  );
}
