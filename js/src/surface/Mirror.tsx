import { batch } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useView, type View } from "../display/view";
import type { Heat } from "../focus/derived";
import type { Mark } from "../focus/marks";
import { pieceLabel } from "../lib/format";
import type { FieldNumber } from "../session/axes";
import { sideOf } from "../session/places";
import type { Span } from "../wire/types";
import { isHatched, toneOf, useHeat } from "./heat";

/** The text once more, behind the control, in the same metrics: its marks carry the colour. */
export function Mirror({ number }: { readonly number: FieldNumber }) {
  const view = useView();
  const { session, derived } = view;
  const words = useRef<HTMLSpanElement>(null);
  const field = derived.fields[number].value;
  const { heat, ...look } = looksOf(view, number);
  const stale = session.problem.value !== null;
  const apart = !(field.asks || field.answers) || undefined;
  useHeat(words, field.segments, heat);
  return (
    <div class="aw-mirror" dir="auto" data-stale={stale} data-apart={apart}>
      <span ref={words} aria-hidden="true">
        {field.segments.map(({ text, mark }, index) =>
          mark === null ? text : <TextMark key={index} text={text} mark={mark} {...look} />,
        )}
        {/* A last empty line has no height by itself. */}
        {"\u200b"}
      </span>
      {field.chips.trailing.map((token) => (
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

/** How the tokens of a field are marked: colours where the other end of the weights stands, rings where the query does. */
interface Look {
  readonly heat: Heat | null;
  readonly pinned: Span;
  readonly focus: Span;
  readonly marked: number | null;
}

const nowhere: Span = [0, 0];

function looksOf({ derived, local }: View, number: FieldNumber): Look {
  const { asks, answers } = derived.fields[number].value;
  const map = derived.map.value;
  // A token of the other text may be looked at: then the pinned query stands where the colours are.
  const turned = map !== null && derived.direction.value !== map.direction;
  const pins = turned ? answers : asks;
  return {
    heat: answers ? derived.heat.value : null,
    pinned: pins ? (map?.query ?? nowhere) : nowhere,
    focus: asks ? derived.focus.value : nowhere,
    marked: answers ? local.marked.value : null,
  };
}

/** Looks from a token of a field, or no longer from any. */
export function look({ derived, local }: View, number: FieldNumber, token: number | null): void {
  if (local.hoverToken.peek() === token && token === null) return;
  const { asks, answers } = derived.fields[number].peek();
  const side = sideOf(derived.direction.peek());
  batch(() => {
    // The colours are of the other text while the pointer is in this one.
    if (token !== null && answers && !asks) local.hoverSide.value = side === "query" ? "key" : "query";
    local.hoverToken.value = token;
    if (token === null) local.hoverSide.value = null;
  });
}

interface MarkProps extends Omit<Look, "heat"> {
  readonly text: string;
  readonly mark: Mark;
}

function TextMark({ text, mark, pinned, focus, marked }: MarkProps) {
  const { tokens } = mark;
  return (
    <span
      class="aw-mark"
      data-token={tokens[0]}
      data-tokens={tokens.length > 1 ? tokens.join(" ") : undefined}
      data-query={tokens.some((token) => within(pinned, token)) || undefined}
      data-focus={tokens.some((token) => within(focus, token)) || undefined}
      data-marked={(marked !== null && tokens.includes(marked)) || undefined}
    >
      {text}
    </span>
  );
}

/** A special token, which is no part of the text. */
export function Chip({ token, number }: { readonly token: number; readonly number: FieldNumber }) {
  const view = useView();
  const { session, derived } = view;
  const { heat, pinned, focus, marked } = looksOf(view, number);
  const { tokens, asks } = derived.fields[number].value;
  const side = sideOf(derived.direction.value);
  const own = asks ? side : side === "query" ? "key" : "query";
  return (
    <bdi>
      <button
        type="button"
        class="aw-special aw-mark"
        data-token={token}
        data-sink={isHatched(heat, token) || undefined}
        data-query={within(pinned, token) || undefined}
        data-focus={within(focus, token) || undefined}
        data-marked={marked === token || undefined}
        title="A token that the tokenizer adds. Click to look from it."
        style={{ "--aw-heat": toneOf(heat, [token]) }}
        onClick={() => session.pinQuery([token, token + 1], own)}
        onPointerEnter={() => look(view, number, token)}
        onPointerLeave={() => look(view, number, null)}
      >
        {pieceLabel(tokens?.pieces[token] ?? "")}
      </button>
    </bdi>
  );
}

function within([start, stop]: Span, token: number): boolean {
  return token >= start && token < stop;
}
