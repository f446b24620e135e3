import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { useView, useWidth } from "../../display/view";
import type { Curves, Evidence } from "../../wire/experiments/evidence";
import { evidenceSoFar } from "./asked";
import { curveLooks } from "./curves";
import { paintCurves } from "./curves-paint";
import { curvesScene } from "./curves-scene";

const height = 150;
const widest = 420;

/** Where the lists stand beside the stage, the curves take the place of the predictions: the question lists those. */
export function DeletionBeside({ instead }: { readonly instead: ComponentChildren }) {
  const evidence = evidenceSoFar(useView().session);
  if (evidence?.curves == null) return <>{instead}</>;
  return <Deletion evidence={evidence} curves={evidence.curves} />;
}

/** Whether the maps hold when words are hidden by them. */
export function Deletion({ evidence, curves }: { readonly evidence: Evidence; readonly curves: Curves }) {
  const { palette } = useView();
  const box = useRef<HTMLDivElement>(null);
  const width = Math.min(widest, useWidth(box));
  const scene = useMemo(() => (width === 0 ? null : curvesScene(curves, width, height)), [curves, width]);
  const colours = palette.value;
  return (
    <section class="aw-curves">
      <h3>Does the map hold?</h3>
      <div ref={box} role="img" aria-label={curvesInWords(evidence, curves)}>
        {scene !== null && (
          <Canvas
            width={width}
            height={height}
            paint={(brush) => paintCurves(brush, scene, curveLooks(evidence, colours), colours)}
          />
        )}
      </div>
      <p class="aw-unit">
        the answer, in {curves.unit}, while words are hidden, those first that count most by each method;
        grey: random orders
      </p>
    </section>
  );
}

function curvesInWords({ methods }: Evidence, { counts, lines, random, unit }: Curves): string {
  const titleOf = (name: string) => methods.find((method) => method.name === name)?.title ?? name;
  const half = Math.floor(counts.length / 2);
  const at = (values: readonly number[]) => (values[half] ?? 0).toFixed(2);
  const named = lines.map(({ name, values }) => `${titleOf(name)} ${at(values)}`);
  return `The answer in ${unit} once ${counts[half]} words are hidden: ${[...named, `random order ${at(random.mean)}`].join(", ")}`;
}
