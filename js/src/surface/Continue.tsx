import { useView } from "../display/view";

/** Lets the model write on in the text, or ends that. */
export function Continue() {
  const { session } = useView();
  if (!session.canContinue() && !session.continuing.running.value) return null;
  if (session.continuing.running.value)
    return (
      <button
        type="button"
        class="aw-continue"
        title="Stop here (Esc)"
        onClick={() => session.continuing.stop()}
      >
        stop ■
      </button>
    );
  const stale = session.isStale();
  return (
    <button
      type="button"
      class="aw-continue"
      data-stale={stale || undefined}
      title={
        stale
          ? "What the model wrote was written after another text, or under other edits: let it write that anew (Ctrl Space)"
          : "Let the model write on, its likeliest token at every step (Ctrl Space)"
      }
      // The text keeps the focus, and its caret.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => session.continue()}
    >
      {stale ? "continue anew ▸" : "continue ▸"}
    </button>
  );
}
