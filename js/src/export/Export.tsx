import { useState } from "preact/hooks";
import { useUnfolding } from "../controls/unfolding";
import { useView } from "../display/view";
import { ExportFinding } from "./ExportFinding";
import { ExportNumbers } from "./ExportNumbers";
import { ExportPage } from "./ExportPage";
import { ExportPictures } from "./ExportPictures";
import { type Handed, Outcome } from "./Outcome";

/** A button in the header; what can be taken out of the explorer unfolds under it. */
export function Export() {
  const { session } = useView();
  const [handed, setHanded] = useState<Handed | null>(null);
  const { open, close, unfold, root, button, id } = useUnfolding(() => setHanded(null));
  if (session.shown.value === null) return null;
  return (
    <span {...root} class="aw-menu aw-export" role="group" aria-label="Export">
      <button {...button} type="button" class="aw-unfold" onClick={() => (open ? close(false) : unfold())}>
        Export
      </button>
      {open && (
        <div id={id} class="aw-panel aw-export-panel">
          <ExportPictures tell={setHanded} />
          <ExportNumbers tell={setHanded} />
          <ExportPage tell={setHanded} />
          <ExportFinding tell={setHanded} />
          <Outcome handed={handed} />
        </div>
      )}
    </span>
  );
}
