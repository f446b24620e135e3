import { useView } from "../display/view";
import type { EffectsRequest } from "../wire/effects";

/** A way from estimates to exact effects, how far the model is with them, and a way to stop it. */
export function Measure({ of }: { readonly of: EffectsRequest["name"] }) {
  const { session } = useView();
  const { effects } = session;
  const known = effects.known(of);
  if (known === null || known.exact >= known.all) return null;
  const what = of === "heads" ? "each head silenced" : "each token hidden";
  if (!effects.measuring(of))
    return (
      <button
        type="button"
        class="aw-measure"
        title={`Runs the model with ${what}, one after the other`}
        onClick={() => effects.measure(of, true)}
      >
        measure exactly
      </button>
    );
  return (
    <Running
      label={`Measuring effects, ${what}`}
      progress={effects.progress(of)}
      onStop={() => effects.measure(of, false)}
    />
  );
}

interface RunningProps {
  readonly label: string;
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly onStop: () => void;
}

/** How far something is that takes its time, and a way to stop it. */
export function Running({ label, progress, onStop }: RunningProps) {
  const { done, total } = progress ?? { done: 0, total: 0 };
  const share = total > 0 ? done / total : 0;
  return (
    <span class="aw-running">
      <span
        class="aw-running-bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <span style={{ width: `${(100 * share).toFixed(1)}%` }} />
      </span>
      <span class="aw-unit aw-number">{total > 0 ? `${done}/${total}` : "…"}</span>
      <button type="button" class="aw-measure" onClick={onStop}>
        stop
      </button>
    </span>
  );
}
