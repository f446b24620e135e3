import { batch } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clearHover, useView, type View } from "../../display/view";
import type { Match } from "../../focus/matches";
import { look, looksOf, pinIn } from "../looks";
import { countOf, firstFrom, type Place, step } from "./steps";
import "./style.css";

/** Shorter texts are seen at a glance; there the key does. */
const long = 32;

/** Finds words in the texts: shows where they stand, goes from one to the next, and makes one the query. */
export function Search() {
  const { local, derived } = useView();
  if (local.wanted.value !== null) return <Field wanted={local.wanted.value} />;
  const { tokens, keys } = derived;
  if (Math.max(tokens.value?.pieces.length ?? 0, keys.value?.pieces.length ?? 0) <= long) return null;
  return (
    <button
      type="button"
      class="aw-search-open"
      title="Find a word or a token (/)"
      onClick={() => {
        local.wanted.value = "";
      }}
    >
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <circle cx="5" cy="5" r="3.5" />
        <path d="M7.6 7.6 11 11" />
      </svg>
      find
    </button>
  );
}

function Field({ wanted }: { readonly wanted: string }) {
  const view = useView();
  const { local, derived } = view;
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  /** Which match was made the query: Enter goes on from there. */
  const pinned = useRef<Match | null>(null);
  useLayoutEffect(() => {
    const { current } = input;
    if (current === null) return;
    const root = current.getRootNode() as Document | ShadowRoot;
    const before = root.activeElement;
    current.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && box.current?.contains(root.activeElement) !== false)
        before.focus({ preventScroll: true });
    };
  }, []);
  const matches = derived.matches.value;
  const match = local.match.value;

  const show = (next: number | null) => {
    const found = derived.matches.peek()[next ?? -1];
    batch(() => {
      clearHover(view);
      local.match.value = next;
      if (found !== undefined) look(view, found.field, found.tokens[0]);
    });
    return found;
  };
  const walk = (by: 1 | -1) => show(step(derived.matches.peek().length, local.match.peek(), by));
  const pin = (found: Match | undefined) => {
    if (found === undefined) return;
    pinned.current = found;
    pinIn(view, found.field, found.tokens);
  };
  const enter = (by: 1 | -1) => {
    const now = derived.matches.peek()[local.match.peek() ?? -1];
    pin(now === undefined || by === -1 || same(now, pinned.current) ? walk(by) : now);
  };
  const find = (text: string) => {
    pinned.current = null;
    local.wanted.value = text;
    show(firstFrom(derived.matches.peek(), placeOf(view)));
  };
  const close = () =>
    batch(() => {
      clearHover(view);
      local.wanted.value = null;
      local.match.value = null;
    });
  const moves: Readonly<Record<string, (back: boolean) => unknown>> = {
    Enter: (back) => enter(back ? -1 : 1),
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    Escape: close,
  };
  const keys = (event: KeyboardEvent) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move(event.shiftKey);
  };
  const none = matches.length === 0;
  return (
    <div
      ref={box}
      class="aw-search"
      role="search"
      aria-label="Find in the text"
      onFocusOut={({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || box.current?.contains(relatedTarget) === false)
          clearHover(view);
      }}
    >
      <input
        ref={input}
        class="aw-search-field"
        type="text"
        value={wanted}
        placeholder="word, or #12"
        aria-label="Find a word, or a token by its number"
        aria-keyshortcuts="Enter Shift+Enter ArrowDown ArrowUp"
        title="Arrows show the next one and the one before; Enter makes it the query"
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => find(event.currentTarget.value)}
        onKeyDown={keys}
      />
      <span class="aw-search-count aw-number" role="status" data-none={none || undefined}>
        {countOf(matches, match, wanted)}
      </span>
      <button
        type="button"
        class="aw-search-step"
        aria-label="The match before"
        title="The match before (↑)"
        disabled={none}
        onClick={() => walk(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        class="aw-search-step"
        aria-label="The next match"
        title="The next match (↓)"
        disabled={none}
        onClick={() => walk(1)}
      >
        ↓
      </button>
      <button
        type="button"
        class="aw-search-step"
        aria-label="Close the search"
        title="Close (Esc)"
        onClick={close}
      >
        ×
      </button>
    </div>
  );
}

function same(one: Match, other: Match | null): boolean {
  return other?.field === one.field && other.tokens[0] === one.tokens[0] && other.tokens[1] === one.tokens[1];
}

/** Where the query stands: what is searched is searched from there on. */
function placeOf(view: View): Place | null {
  for (const field of [0, 1] as const) {
    const { pinned } = looksOf(view, field);
    if (pinned[1] > pinned[0]) return { field, token: pinned[0] };
  }
  return null;
}
