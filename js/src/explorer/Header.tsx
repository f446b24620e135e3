import { Menu } from "../controls/Menu";
import { Term, termed } from "../controls/Term";
import { useView } from "../display/view";
import { Export } from "../export/Export";
import { standsIn } from "../focus/fields";
import { count, magnitude } from "../lib/format";
import { unitsOf } from "../session/shown";
import { tokenCount } from "../session/units";
import type { Direction, Tokens } from "../wire/types";
import { HelpButton } from "./Help";
import { UndoButtons } from "./UndoButtons";

export function Header() {
  const { session, derived } = useView();
  const about = session.about.value;
  const tokens = derived.tokens.value;
  const keys = derived.keys.value;
  const countOf = ({ pieces }: Tokens, direction: Direction) =>
    tokenCount(unitsOf(session.shown.value, direction), pieces.length);
  const word = tokens?.nodes === undefined ? "token" : "node";
  const counted = (tokens: Tokens, keys: Tokens | null) =>
    keys === null || keys === tokens
      ? count(countOf(tokens, "reads"), word)
      : `${countOf(tokens, "reads")} × ${count(countOf(keys, "read_by"), "token")}`;
  return (
    <header class="aw-header">
      <span class="aw-brand">attnwidget</span>
      <span class="aw-model">
        {about !== null && (
          <span class="aw-model-name" title={about.model.name}>
            {about.model.name}
          </span>
        )}
        {tokens !== null && (
          <span>
            {" · "}
            <span class="aw-token-count">{session.behind.value ? "… tokens" : counted(tokens, keys)}</span>
          </span>
        )}
        {about !== null && (
          <span>
            {" "}
            {termed(
              shape(session.heads.value, session.shown.value?.frame.header.part ?? about.model.parts[0]),
              words,
            )}
          </span>
        )}
        {about !== null && about.model.kind !== "" && <span>{` · ${about.model.kind}`}</span>}
      </span>
      <span class="aw-marks">
        <Chips />
      </span>
      <Trust />
      <span class="aw-chips">
        <Examples />
        <Export />
        <UndoButtons />
        <HelpButton />
      </span>
    </header>
  );
}

const words = { layer: "layer", layers: "layer", head: "head", heads: "head" } as const;

/** "· 4 layers × 4 heads"; which part they are of where it is not all of the model; how many attend where not all do. */
function shape(heads: readonly number[], part: string | undefined): string {
  const attending = heads.filter((number) => number > 0);
  const most = Math.max(...attending);
  if (attending.length === 0) return "";
  const owner = part === undefined || part === "self" ? "" : `${part} of `;
  const few = attending.length < heads.length ? ` (${attending.length} attend)` : "";
  const same = attending.every((number) => number === most);
  return `· ${owner}${count(heads.length, "layer")}${few} × ${same ? "" : "up to "}${count(most, "head")}`;
}

const teaching =
  "A small model trained on a made-up language, for teaching. What its heads do need not hold for real language models.";

function Chips() {
  const { session } = useView();
  const editTime = session.editTime.value;
  return (
    <>
      {session.about.value?.model.teaching === true && (
        <span class="aw-chip aw-chip-teaching" title={teaching}>
          teaching model
        </span>
      )}
      {editTime !== null && (
        <span class="aw-chip aw-chip-edit">
          <Term name="edit">edit</Term> {Math.max(1, Math.round(editTime))} ms
        </span>
      )}
    </>
  );
}

/** How the weights compare with those of transformers: measured, or the same by construction. */
function Trust() {
  const { session } = useView();
  const verification = session.verification.value;
  if (session.path.value === "eager") {
    return (
      <span class="aw-chip aw-chip-verify" title="These weights come from the model’s own eager attention.">
        eager maps
      </span>
    );
  }
  if (verification === null) return null;
  const largest = verification.error.toExponential(1);
  return (
    <span
      class="aw-chip aw-chip-verify"
      title={`Compared with the eager attention of transformers on this text: no weight differs by more than ${largest}.`}
    >
      exact to {magnitude(verification.error)}
    </span>
  );
}

/** Texts to begin with. */
function Examples() {
  const { session } = useView();
  const about = session.about.value;
  if (about === null || !about.editable || about.examples.length === 0) return null;
  const { examples } = about;
  const choose = (place: number) => {
    const example = examples[place];
    if (example !== undefined) session.useExample(example);
  };
  // What names a picture says nothing to a reader.
  const items = standsIn(session, 0) === "picture" ? examples.map((one) => ({ ...one, text: "" })) : examples;
  return <Menu name="Examples" class="aw-examples" items={items} onChoose={choose} />;
}
