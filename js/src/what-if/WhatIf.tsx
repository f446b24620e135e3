import { useId } from "preact/hooks";
import { Segmented } from "../controls/Segmented";
import { useView } from "../display/view";
import { type Chip, chipOf, editsOn, switched, without } from "../edits/chips";
import { clauses } from "../lib/format";
import type { Shows } from "../wire/types";
import { AddEdit } from "./AddEdit";
import { isChangeable } from "./changeable";
import { chipsOf, namingOf, touchedBy } from "./standing";
import "./style.css";
import { sentenceOf, tokensInWords } from "./words";

/** What is changed in the computation, a chip each; and whether that, what was before or the difference is shown. */
export function WhatIf() {
  const { session } = useView();
  const chips = chipsOf(session);
  if (chips.length === 0) return null;
  const changeable = isChangeable(session);
  return (
    <section class="aw-what-if" aria-label="What if">
      <span class="aw-label">what if</span>
      <ul class="aw-edits">
        {chips.map((chip, place) => (
          <EditChip key={chip.text} chip={chip} place={place} changeable={changeable} />
        ))}
      </ul>
      {changeable && <AddEdit />}
      <Why />
      {changeable && <ShowsControl />}
    </section>
  );
}

/** The way to the first one: a few letters in a line that is there anyway. */
export function QuietWhatIf() {
  const { session } = useView();
  if (session.traits.edits.value.length > 0 || !isChangeable(session)) return null;
  return <AddEdit quiet />;
}

interface Props {
  readonly chip: Chip;
  readonly place: number;
  readonly changeable: boolean;
}

/** A click switches it off, or on again. Pointed at, it marks its tokens and heads wherever they stand. */
function EditChip({ chip, place, changeable }: Props) {
  const { session, local } = useView();
  const id = useId();
  const { edit, text, on } = chip;
  const edits = session.traits.edits.value;
  const name = namingOf(session, edit?.part ?? null);
  // Its number is now that of another token.
  const gone = session.editPlaces.isGone(edits[place] ?? "");
  const words = edit === null || gone ? "" : tokensInWords(edit, name);
  const label = words === "" ? text : `${text} (${words})`;
  const sentence = gone
    ? `Off: what it named is no longer in the text. Switched on, it would mean the token that has the number now.`
    : edit === null
      ? text
      : `${on ? "" : "Switched off. "}${sentenceOf(edit, name)}`;
  const touch = () => {
    local.touched.value = edit === null || gone ? null : touchedBy(session, [edit]);
  };
  const leave = () => {
    local.touched.value = null;
  };
  return (
    <li
      class="aw-edit"
      data-on={on}
      data-gone={gone || undefined}
      onPointerEnter={touch}
      onPointerLeave={leave}
    >
      <button
        type="button"
        role="switch"
        aria-checked={on}
        aria-describedby={id}
        aria-disabled={!changeable}
        title={sentence}
        onFocus={touch}
        onBlur={leave}
        onClick={() => changeable && session.setEdits(switched(edits, place))}
      >
        <bdi>{label}</bdi>
      </button>
      <span id={id} hidden>
        {sentence}
      </span>
      {changeable && (
        <button
          type="button"
          class="aw-remove"
          aria-label={`Remove: ${label}`}
          title="Remove"
          onClick={() => {
            leave();
            session.setEdits(without(edits, place));
          }}
        >
          ×
        </button>
      )}
    </li>
  );
}

/** Said once of those that are off though nobody switched them off. */
function Why() {
  const { session } = useView();
  const edits = session.traits.edits.value;
  const gone = edits.filter((chip) => session.editPlaces.isGone(chip));
  const missing =
    gone.length === 0
      ? ""
      : `${gone.map((chip) => chipOf(chip).text).join(", ")}: off, as ${gone.length === 1 ? "its token is" : "their tokens are"} gone`;
  const said = clauses(missing, ...session.off.value.map(({ why }) => why));
  return (
    <span class="aw-why" role="status">
      {said}
    </span>
  );
}

const shows = [
  { value: "before", text: "before", title: "As the model computes it, without the changes" },
  { value: "after", text: "after", title: "With the changes that are on" },
  { value: "difference", text: "difference", title: "After minus before, in every view that has a map" },
] as const satisfies readonly { value: Shows; text: string; title: string }[];

function ShowsControl() {
  const { session } = useView();
  if (editsOn(session.traits.edits.value).length === 0) return null;
  return (
    <Segmented
      label="With the changes"
      choices={shows}
      value={session.traits.look.value.shows}
      onChoose={(chosen) => session.setLook({ shows: chosen })}
    />
  );
}
