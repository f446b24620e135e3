import { useView } from "../display/view";
import { hasSecond, standsIn } from "../focus/fields";
import type { FieldNumber } from "../session/axes";
import type { Session } from "../session/session";

interface Names {
  readonly labels: readonly [string, string];
  readonly aria: readonly [string, string];
  readonly hint: string;
}

const pairs: Names = {
  labels: ["first text", "second text"],
  aria: ["First text of the pair", "Second text of the pair"],
  hint: "the text to compare it with",
};
const targets: Names = {
  labels: ["source", "target"],
  aria: ["Source: what the encoder reads", "Target: what the decoder reads"],
  hint: "what the decoder has written",
};
const heard: Names = {
  labels: ["sound", "words"],
  aria: ["Sound: what the encoder reads", "Words: what the decoder has written"],
  hint: "what is said",
};
const given: Names = {
  labels: ["keys", "queries"],
  aria: ["Keys: the text that is read", "Queries: the text that reads"],
  hint: "",
};

/** What the two texts are called. */
export function namesOf(session: Session): Names {
  const second = session.about.value?.model.second;
  if (second === "target" && standsIn(session, 0) === "sound") return heard;
  return second === "target" ? targets : second === "pair" ? pairs : given;
}

/** The name of a text; beside the second one the way to be rid of it. */
export function FieldLabel({ number }: { readonly number: FieldNumber }) {
  const { session, derived } = useView();
  const { asks, answers } = derived.fields[number].value;
  const names = namesOf(session);
  const apart = session.shown.value !== null && !asks && !answers;
  return (
    <div class="aw-field-label">
      <span title={apart ? "This text is not in the part shown." : undefined}>{names.labels[number]}</span>
      {number === 1 && session.about.value?.editable !== false && (
        <button
          type="button"
          class="aw-remove"
          aria-label={`Remove the ${names.labels[1]}`}
          title={`Remove the ${names.labels[1]}`}
          onClick={() => session.setSecond(false)}
        >
          ×
        </button>
      )}
    </div>
  );
}

/** Offers a second text to models that read two. */
export function AddSecond() {
  const { session } = useView();
  const second = session.about.value?.model.second ?? null;
  if (second === null || session.about.value?.editable === false || hasSecond(session)) return null;
  const words = second === "target" ? "+ target" : "+ second text";
  const title =
    second === "target"
      ? "What the decoder reads: shows how it attends to the source"
      : "Read two texts together, as a sentence pair";
  return (
    <button type="button" class="aw-add" title={title} onClick={() => session.setSecond(true)}>
      {words}
    </button>
  );
}
