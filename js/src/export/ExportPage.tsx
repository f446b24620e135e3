import { useView } from "../display/view";
import { grouped } from "../lib/format";
import { mayBeBarred } from "./hand-over";
import type { Handed } from "./Outcome";
import { useSaving } from "./saving";

interface Props {
  readonly tell: (handed: Handed) => void;
}

/** The explorer as it stands, as one file that works offline. A saved page cannot be saved again: the file is there. */
export function ExportPage({ tell }: Props) {
  const { session } = useView();
  const { busy, save } = useSaving(tell, async () => {
    const { name, html } = await session.pages.page();
    return { file: html, name, message: barred(`Saved ${name}, ${kilobytes(html)} KB`) };
  });
  if (!session.can("page")) return null;
  return (
    <section>
      <h3>Page</h3>
      <div class="aw-export-actions">
        <button
          type="button"
          disabled={busy}
          aria-busy={busy}
          title="One file that works offline, without Python: everything but typing stays live. In Python: ex.save(path)"
          onClick={() => void save()}
        >
          {busy ? "Writing the page…" : "Save page (HTML)"}
        </button>
      </div>
    </section>
  );
}

function kilobytes(blob: Blob): string {
  return grouped(Math.max(1, Math.round(blob.size / 1024)));
}

/** No page is told whether a download came to something. */
function barred(message: string): string {
  return mayBeBarred()
    ? `${message}. If no file arrives, use ex.save("page.html") in Python.`
    : `${message}.`;
}
