import { useState } from "preact/hooks";
import { useView } from "../display/view";
import { mayBeBarred } from "./hand-over";
import type { Handed } from "./Outcome";
import { useSaving } from "./saving";

interface Props {
  readonly tell: (handed: Handed) => void;
}

/** What was found, with a sentence of the reader's own: a file that opens the explorer again, and a card in Python. */
export function ExportFinding({ tell }: Props) {
  const { session } = useView();
  const [said, say] = useState("");
  const [measured, measure] = useState(false);
  const { busy, save } = useSaving(tell, async () => {
    const { name, json, words } = await session.pages.finding(said.trim(), measured);
    return { file: json, name, message: kept(words, name) };
  });
  if (!session.can("finding") || session.about.value?.model.path === "given") return null;
  return (
    <section>
      <h3>Finding</h3>
      <input
        type="text"
        class="aw-export-said"
        value={said}
        placeholder="what you found, in a sentence"
        aria-label="What you found, in a sentence"
        onInput={({ currentTarget }) => say(currentTarget.value)}
      />
      <label title="Hides each word in turn: a run of the model for each">
        <input
          type="checkbox"
          checked={measured}
          onChange={({ currentTarget }) => measure(currentTarget.checked)}
        />
        with the evidence of all words
      </label>
      <div class="aw-export-actions">
        <button
          type="button"
          disabled={busy}
          aria-busy={busy}
          title="Text, model, edits, the answer before and after. In Python: ex.findings[-1] shows it, aw.explore(state=...) opens it again"
          onClick={() => void save()}
        >
          {busy ? "Keeping it…" : "Keep finding (JSON)"}
        </button>
      </div>
    </section>
  );
}

/** No page is told whether a download came to something: the kernel has it in any case. */
function kept(words: string, name: string): string {
  return `${words}. ${mayBeBarred() ? "In Python: ex.findings[-1]" : `Saved ${name}; in Python: ex.findings[-1]`}.`;
}
