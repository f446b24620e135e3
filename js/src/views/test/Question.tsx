import { useRef, useState } from "preact/hooks";
import { NumberInput } from "../../controls/NumberInput";
import { useView } from "../../display/view";
import { shortLabel, tokenName, weight } from "../../lib/format";
import type { Session } from "../../session/session";
import { unitsOf } from "../../session/shown";
import { toTokens } from "../../session/units";
import type { AskedAnswer, Predictions } from "../../wire/types";
import { answerPlace, expectedThere, tokensOf } from "./asked";

/** What is asked: why this answer, at this place, rather than that one. */
export function Question() {
  const { session } = useView();
  const { question } = session.traits;
  const asked = question.value;
  const place = answerPlace(session);
  const predictions = expectedThere(session);
  const said = predictions?.top[0]?.piece;
  const top = predictions?.top ?? [];
  const set = (change: Partial<AskedAnswer>) => session.setQuestion({ ...question.peek(), ...change });
  return (
    <div class="aw-question" role="group" aria-label="Question">
      <span>why</span>
      <Answer
        label="Answer"
        value={asked.answer}
        none={said === undefined ? "what it says" : `${tokenName(said)}, as it says`}
        top={top}
        onChoose={(answer) => set({ answer })}
      />
      {place !== null && <Place place={place} asked={asked.at} onChoose={(at) => set({ at })} />}
      <span>rather than</span>
      <Answer
        label="Rather than"
        value={asked.rather}
        none="anything"
        top={top.filter(({ piece }) => piece !== (asked.answer ?? said))}
        onChoose={(rather) => set({ rather })}
      />
    </div>
  );
}

/** The token of the query, where the answer could follow it too. */
function queryPlace(session: Session): number | null {
  const shown = session.shown.value;
  if (shown === null) return null;
  const { key_tokens, direction, query } = shown.frame.header;
  return key_tokens != null && direction === "read_by" ? null : toTokens(unitsOf(shown), query)[1] - 1;
}

interface PlaceProps {
  readonly place: number;
  readonly asked: number | null;
  readonly onChoose: (at: number | null) => void;
}

/** The token after which the answer is, or in the place of which. */
function Place({ place, asked, onChoose }: PlaceProps) {
  const { session } = useView();
  const last = tokensOf(session) - 1;
  const predicts = session.about.value?.model.predicts;
  const header = session.shown.value?.frame.header;
  const piece = header?.units == null ? header?.tokens.pieces[place] : undefined;
  const query = queryPlace(session) ?? place;
  return (
    <span class="aw-question-place">
      {predicts === "next token" ? "after" : "at"} #
      <NumberInput
        label="Position of the answer"
        title="The number of the token; all tokens have their numbers in the table"
        value={Math.min(place, last)}
        least={0}
        most={Math.max(0, last)}
        onChange={onChoose}
      />
      {piece !== undefined && <bdi class="aw-unit">“{shortLabel(piece, 12)}”</bdi>}
      {query !== place && (
        <button
          type="button"
          class="aw-measure"
          title={`Asks about the query, #${query}`}
          onClick={() => onChoose(query)}
        >
          query
        </button>
      )}
      {asked !== null && (
        <button
          type="button"
          class="aw-measure"
          title="Asks about the last token"
          onClick={() => onChoose(null)}
        >
          last
        </button>
      )}
    </span>
  );
}

interface AnswerProps {
  readonly label: string;
  readonly value: string | number | null;
  /** What null means. */
  readonly none: string;
  /** What the model expects there. */
  readonly top: Predictions["top"];
  readonly onChoose: (answer: string | null) => void;
}

const typed = "type another";

/** One of what the model expects, or what somebody types. */
function Answer({ label, value, none, top, onChoose }: AnswerProps) {
  const [writing, setWriting] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const own = value === null ? null : typeof value === "number" ? `token ${value}` : value;
  if (writing) {
    const take = () => {
      const text = field.current?.value ?? "";
      setWriting(false);
      if (text !== "" && text !== value) onChoose(text);
    };
    return (
      <input
        ref={(element) => {
          field.current = element;
          element?.focus();
        }}
        class="aw-number-field aw-question-answer"
        aria-label={label}
        title="A token, or its beginning; Enter takes it, Esc leaves it as it was"
        placeholder="a word"
        maxLength={1000}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === "Escape" && field.current !== null) field.current.value = "";
          take();
        }}
      />
    );
  }
  const pieces = top.map(({ piece }) => piece);
  const listed = own !== null && !pieces.includes(own) ? [own, ...pieces] : pieces;
  const likely = new Map(top.map(({ piece, probability }) => [piece, weight(probability)]));
  const chosen = own === null ? "" : String(listed.indexOf(own));
  return (
    <span class="aw-select">
      <select
        aria-label={label}
        value={chosen}
        onChange={(event) => {
          const { value: wish } = event.currentTarget;
          if (wish === typed) {
            event.currentTarget.value = chosen;
            setWriting(true);
          } else onChoose(wish === "" ? null : (listed[Number(wish)] ?? null));
        }}
      >
        <option value="">{none}</option>
        {listed.map((piece, place) => (
          <option key={piece} value={place}>
            {piece === own && typeof value === "number" ? piece : tokenName(piece)} {likely.get(piece)}
          </option>
        ))}
        <option value={typed}>{typed}…</option>
      </select>
    </span>
  );
}
