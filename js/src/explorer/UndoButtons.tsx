import { useView } from "../display/view";
import type { Travel } from "../session/text/history";
import { travel } from "../surface/text-control";

const ways = [
  { way: "undo", name: "Undo", key: "Ctrl+Z", arrow: "M5 2 2 5l3 3M2.5 5H8a3 3 0 0 1 0 6H5" },
  { way: "redo", name: "Redo", key: "Ctrl+Shift+Z", arrow: "M9 2l3 3-3 3M11.5 5H6a3 3 0 0 0 0 6h3" },
] as const satisfies readonly { way: Travel; name: string; key: string; arrow: string }[];

/** Back through what was looked at and written, and forward again. */
export function UndoButtons() {
  const view = useView();
  return (
    <span class="aw-undo" role="group" aria-label="What was done">
      {ways.map(({ way, name, key, arrow }) => {
        const what = view.session.what(way);
        return (
          <button
            key={way}
            type="button"
            aria-label={name}
            // Not `disabled`, which would take the focus away with the last step.
            aria-disabled={what === ""}
            title={what === "" ? `Nothing to ${way}` : `${name}: ${what} (${key})`}
            onClick={({ currentTarget }) => travel(view, currentTarget, way, "all")}
          >
            <svg viewBox="0 0 14 14" aria-hidden="true">
              <path d={arrow} />
            </svg>
          </button>
        );
      })}
    </span>
  );
}
