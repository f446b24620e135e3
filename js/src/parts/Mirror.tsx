import { useRef } from "preact/hooks";
import { pieceLabel } from "../lib/format";
import type { Mark, Span } from "../state";
import { isHatched, toneOf, useHeat } from "./heat";
import { useView } from "./view";

/** The text once more, behind the control, in the same metrics: its marks carry the colour. */
export function Mirror() {
  const { session, derived, local } = useView();
  const words = useRef<HTMLSpanElement>(null);
  const segments = derived.segments.value;
  const pinned = derived.map.value?.query ?? [0, 0];
  const focus = derived.focus.value;
  const marked = local.marked.value;
  const stale = session.problem.value !== null;
  useHeat(words, segments, derived.heat.value);
  return (
    <div class="aw-mirror" dir="auto" data-stale={stale}>
      <span ref={words} aria-hidden="true">
        {segments.map(({ text, mark }, index) =>
          mark === null ? text : <TextMark key={index} {...{ text, mark, pinned, focus, marked }} />,
        )}
        {/* A last empty line has no height by itself. */}
        {"\u200b"}
      </span>
      {derived.chips.value.trailing.map((token) => (
        <Chip key={`chip ${token}`} token={token} />
      ))}
    </div>
  );
}

interface MarkProps {
  readonly text: string;
  readonly mark: Mark;
  readonly pinned: Span;
  readonly focus: Span;
  readonly marked: number | null;
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
export function Chip({ token }: { readonly token: number }) {
  const { session, derived, local } = useView();
  const heat = derived.heat.value;
  const pinned = derived.map.value?.query ?? [0, 0];
  return (
    <bdi>
      <button
        type="button"
        class="aw-special aw-mark"
        data-token={token}
        data-sink={isHatched(heat, token) || undefined}
        data-query={within(pinned, token) || undefined}
        data-focus={within(derived.focus.value, token) || undefined}
        data-marked={local.marked.value === token || undefined}
        title="A token that the tokenizer adds. Click to look from it."
        style={{ "--aw-heat": toneOf(heat, [token]) }}
        onClick={() => session.pinQuery([token, token + 1])}
        onPointerEnter={() => {
          local.hoverToken.value = token;
        }}
        onPointerLeave={() => {
          local.hoverToken.value = null;
        }}
      >
        {pieceLabel(derived.tokens.value?.pieces[token] ?? "")}
      </button>
    </bdi>
  );
}

function within([start, stop]: Span, token: number): boolean {
  return token >= start && token < stop;
}
