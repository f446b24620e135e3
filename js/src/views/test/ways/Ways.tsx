import { useRef } from "preact/hooks";
import { Menu } from "../../../controls/Menu";
import { useLastGood } from "../../../display/last-good";
import { useView, type View } from "../../../display/view";
import { editsOn } from "../../../edits/chips";
import { clauses, shorten, shortLabel, tokenName, weight } from "../../../lib/format";
import type { Session } from "../../../session/session";
import { ofHeads } from "../../../session/what-if";
import type { Unread, Variant, Variants } from "../../../wire/experiments/variants";
import { Folded } from "../Folded";
import { drop, keep, keptTexts, mayKeep, mostKept, waysOf, waysSoFar, waysWish } from "./kept";
import { suggestionsFor } from "./suggestions";
import { wayInWords } from "./words";
import "./style.css";

/** Where the stage is as high as the window leaves it, they take the place of the table. Reads signals. */
export function fillsStage({ session, layout }: View): boolean {
  return layout.value.columns === 3 && session.can("variants") && waysOf(session).open.value;
}

/** A failure is mended by putting it in another way: texts side by side, with the answer and what is read in each. */
export function Ways() {
  const { session } = useView();
  const { open } = waysOf(session);
  if (!session.can("variants")) return null;
  const kept = keptTexts(session).length;
  return (
    <Folded
      name="aw-ways"
      open={open}
      title="Texts side by side: how likely the answer is after each, and what is read there"
      heading={
        <>
          Ways to put it
          {kept > 0 && <span class="aw-unit"> {kept} kept</span>}
        </>
      }
      controls={<Adding session={session} />}
    >
      <Rows session={session} />
    </Folded>
  );
}

/** One more way: the text as it stands, or one that is made of its sentences. */
function Adding({ session }: { readonly session: Session }) {
  const { phrase } = waysOf(session);
  const field = useRef<HTMLInputElement>(null);
  const { text } = session.traits;
  const chat = (session.shown.value?.frame.header.turns ?? null) !== null;
  const suggestions = chat
    ? []
    : suggestionsFor(text.value, phrase.value).filter(({ text: one }) => mayKeep(session, one));
  const take = () => {
    phrase.value = field.current?.value.trim() ?? "";
  };
  return (
    <>
      <input
        ref={field}
        class="aw-number-field"
        aria-label="The fact that ought to be read"
        title="A word or phrase: which head reads it most at the end of each text"
        placeholder="the fact"
        maxLength={1000}
        value={phrase.value}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
        }}
      />
      <button
        type="button"
        class="aw-measure"
        disabled={!mayKeep(session, text.value)}
        title={
          keptTexts(session).length < mostKept
            ? "Keeps the text above in this list: then change it there. In Python: ex.variants"
            : `No more than ${mostKept} are kept`
        }
        onClick={() => keep(session, text.value)}
      >
        + keep this text
      </button>
      {suggestions.length > 0 && (
        <Menu
          name="+ another way"
          class="aw-ways-menu"
          items={suggestions.map(({ title, text: whole }) => ({ title, text: shorten(oneLine(whole), 200) }))}
          onChoose={(place) => {
            // What it is another way of stays beside it.
            keep(session, text.peek());
            keep(session, suggestions[place]?.text ?? "");
          }}
        />
      )}
    </>
  );
}

function Rows({ session }: { readonly session: Session }) {
  const { problem } = session.memory.answer(waysWish(session));
  const { value: found, late } = useLastGood(session, waysSoFar(session));
  const tokens =
    editsOn(session.traits.edits.value).length > ofHeads(editsOn(session.traits.edits.value)).length;
  if (found === null) return <p class="aw-unit">{problem ?? "Reading…"}</p>;
  return (
    <>
      <ol class="aw-ways-rows" aria-busy={late || found.rows.length < found.total}>
        {found.rows.map((way) => (
          <Row key={way.text} session={session} way={way} found={found} />
        ))}
      </ol>
      <p class="aw-unit">
        {problem ??
          clauses(
            `the probability of ${found.answer} at the end of each text`,
            "reads: mean of all heads there, without sinks and special tokens",
            found.edits.length > 0 ? `in all: ${found.edits.join(", ")}` : "",
            tokens ? "edits of tokens are left out: their numbers are of one text" : "",
          )}
      </p>
    </>
  );
}

interface RowProps {
  readonly session: Session;
  readonly way: Variant | Unread;
  readonly found: Variants;
}

function Row({ session, way, found }: RowProps) {
  const phrase = waysOf(session).phrase.value;
  const { text } = way;
  const shown = session.shown.value?.text === text;
  const kept = keptTexts(session).includes(text);
  const spoken = "problem" in way ? way.problem : wayInWords(way, found.answer, phrase);
  return (
    <li data-shown={shown || undefined}>
      <button
        type="button"
        class="aw-ways-text"
        aria-current={shown || undefined}
        aria-label={`${shown ? "On screen: " : ""}${oneLine(text)}. ${spoken}`}
        title={shown ? `On screen: ${text}` : `Puts it into the editor: ${text}`}
        onClick={() => !shown && session.useText(text)}
      >
        <bdi>{oneLine(text)}</bdi>
      </button>
      {"problem" in way ? (
        <span class="aw-ways-problem">{way.problem}</span>
      ) : (
        <Numbers way={way} phrase={phrase} spoken={spoken} />
      )}
      {kept ? (
        <button
          type="button"
          class="aw-ways-drop"
          aria-label={`Remove: ${oneLine(text)}`}
          title="Removes it from the list"
          onClick={() => drop(session, text)}
        >
          ×
        </button>
      ) : (
        <span />
      )}
    </li>
  );
}

interface NumbersProps {
  readonly way: Variant;
  readonly phrase: string;
  readonly spoken: string;
}

/** The answer as a bar, what is said there, and what is read most. */
function Numbers({ way, phrase, spoken }: NumbersProps) {
  const { answer, said, fact } = way;
  return (
    <span class="aw-ways-numbers" title={spoken} aria-hidden="true">
      <span class="aw-ways-bar">
        <span style={{ width: `${(100 * answer).toFixed(1)}%` }} />
      </span>
      <span class="aw-number">{weight(answer)}</span>
      <span class="aw-ways-said">
        <span class="aw-unit">says</span> <bdi>{tokenName(said.piece)}</bdi>
      </span>
      <span class="aw-ways-read">
        {phrase === "" ? (
          <>
            <span class="aw-unit">reads</span>{" "}
            <bdi>{way.read.map(({ piece }) => shortLabel(piece, 12)).join(" · ")}</bdi>
          </>
        ) : fact === null ? (
          <span class="aw-unit">“{shorten(phrase, 12)}” is not in it</span>
        ) : (
          <>
            <bdi>{shorten(phrase, 12)}</bdi> <span class="aw-unit">by</span> L{fact.layer}H{fact.head}{" "}
            {weight(fact.weight)}
          </>
        )}
      </span>
    </span>
  );
}

/** A text in one line. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ⏎ ").trim();
}
