import { useState } from "preact/hooks";
import { useUnfolding } from "../controls/unfolding";
import { useView, type View } from "../display/view";
import { withEdit } from "../edits/chips";
import { readEdit } from "../edits/notation";
import { queryAt } from "../focus/pointed";
import type { Subject } from "../focus/pointer";
import { shortLabel } from "../lib/format";
import { unitsOf } from "../session/shown";
import { toTokens } from "../session/units";
import { OfferButton } from "./OfferButton";
import { type Offer, offersFor } from "./offers";
import { namingOf, standingOf } from "./standing";
import { sentenceOf } from "./words";

/** Adds an edit: of what is looked at by a click, any other as text. */
export function AddEdit({ quiet = false }: { readonly quiet?: boolean }) {
  const { open, close, unfold, root, button, id } = useUnfolding();
  return (
    <span {...root} class="aw-menu aw-add-edit">
      <button
        {...button}
        type="button"
        class={quiet ? "aw-add" : "aw-plus"}
        aria-label="What if: change the computation"
        title="Hide a token, silence a head, cut an edge, paint a pattern; or right-click on any of them"
        onClick={() => (open ? close(false) : unfold())}
      >
        {quiet ? "what if +" : "+"}
      </button>
      {open && (
        <div id={id} class="aw-panel" role="group" aria-label="What if">
          <Suggested onDone={() => close(true)} />
          <Written onDone={() => close(true)} />
        </div>
      )}
    </span>
  );
}

interface Props {
  readonly onDone: () => void;
}

/** What makes sense for the query and the head on show. */
function Suggested({ onDone }: Props) {
  const view = useView();
  const [offers] = useState(() => suggestions(view));
  return (
    <div class="aw-suggested">
      {offers.map((offer) => (
        <OfferButton key={offer.text} offer={offer} onTake={onDone} />
      ))}
    </div>
  );
}

function suggestions(view: View): readonly Offer[] {
  const { session, derived } = view;
  const standing = standingOf(view);
  if (standing === null) return [];
  const query = queryAt(view);
  const edge = strongestEdge(view);
  const head: Subject = { kind: "head", ...(derived.head.peek() ?? session.clampedHead()) };
  const ofQuery = query === null ? [] : offersFor(query, standing).slice(0, 1);
  const ofEdge =
    edge === null
      ? []
      : offersFor(edge, standing)
          .filter(({ text }) => text.startsWith("cut"))
          .slice(0, 1);
  const ofHead = offersFor(head, standing).filter(({ text }) => !/^silence (\w+ )?L\d+$/.test(text));
  return [...ofQuery, ...ofEdge, ...ofHead];
}

/** From the query to what it reads most, sinks left out; or from what reads it most. */
function strongestEdge(view: View): Subject | null {
  const { session, derived } = view;
  const query = queryAt(view);
  const reads = derived.direction.peek() === "reads";
  const sinks = derived.map.peek()?.sinks ?? new Set<number>();
  const ranked = (reads ? derived.reads : derived.readBy).peek();
  const strongest = ranked.find(({ token }) => !(reads && sinks.has(token)))?.token;
  const others = derived.others.peek();
  if (query?.kind !== "tokens" || strongest === undefined || others === null) return null;
  const units = unitsOf(session.shown.peek(), reads ? "read_by" : "reads");
  const other = {
    tokens: toTokens(units, [strongest, strongest + 1]),
    name: shortLabel(others.pieces[strongest], 24),
  };
  const own = { tokens: query.tokens, name: query.name };
  return { kind: "pair", query: reads ? own : other, key: reads ? other : own, at: null };
}

/** Any edit, in its text form, checked as it is typed. */
function Written({ onDone }: Props) {
  const { session } = useView();
  const [text, setText] = useState("");
  const said = readEdit(text);
  const edit = "edit" in said ? said.edit : null;
  const note =
    text.trim() === ""
      ? "hide 4..6 · silence L5H3 by mean · cut 9 reads 4 in L5 · paint L5H3 uniform"
      : edit === null
        ? (said as { readonly problem: string }).problem
        : sentenceOf(edit, namingOf(session, edit.part));
  return (
    <form
      class="aw-written"
      onSubmit={(event) => {
        event.preventDefault();
        if (edit === null) return;
        onDone();
        session.setEdits(withEdit(session.traits.edits.peek(), edit));
      }}
    >
      <input
        type="text"
        aria-label="An edit as text"
        placeholder="or write it: hide 4"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="none"
        value={text}
        aria-invalid={text.trim() !== "" && edit === null}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" disabled={edit === null}>
        add
      </button>
      <p role="status">{note}</p>
    </form>
  );
}
