import { useRef } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { pointIn } from "../../display/steering";
import { useView, useWidth } from "../../display/view";
import { exact, shortLabel } from "../../lib/format";
import { paintPair } from "./paint";
import { groupOf, productsOf, stepsOf, strongestDimensions } from "./pair";
import { lengthOf, type Shown } from "./picture";
import { dimensionAt, pairScene } from "./scene";

const most = 5;

/** One pair of tokens, opened: the sum written out, its dimensions, and those with the largest products. */
export function PairPanel({ shown }: { readonly shown: Shown }) {
  const { pairs, key } = shown;
  const group = groupOf(pairs);
  const kept = shown.kept === key && shown.cell === null;
  const steps = stepsOf(pairs, key);
  return (
    <div class="aw-pair" data-key={key}>
      <p class="aw-pair-names">
        <bdi>{shortLabel(pairs.piece, 24)}</bdi> <span class="aw-unit">→</span>{" "}
        <bdi>{shortLabel(pairs.pieces[key], 24)}</bdi>
        {kept && <span class="aw-unit"> kept open</span>}
        {group !== null && <span class="aw-pair-group">{group}</span>}
      </p>
      <ol class="aw-steps" data-long={pairs.bias !== null && pairs.capped !== null}>
        {steps.map(({ name, doing, value, meaning }) => (
          <li key={name} data-step={name} title={meaning}>
            <span class="aw-step-doing">{doing}</span> <b class="aw-number">{value}</b>
          </li>
        ))}
      </ol>
      <p class="aw-step-note">{steps.at(-1)?.meaning}</p>
      <Dimensions shown={shown} />
    </div>
  );
}

/** Bars of q, k and their product; under them the largest products, and their sum or the one that is pointed at. */
function Dimensions({ shown }: { readonly shown: Shown }) {
  const { local, palette, layout } = useView();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { pairs, key, cell } = shown;
  const k = pairs.vectors.get(key);
  const dimensions = pairs.q.length;
  const dimension = cell?.dimension ?? null;
  const scene = pairScene(width, dimensions, dimension, layout.value.columns === 3);
  const products = k === undefined ? null : productsOf(pairs.q, k);
  const strongest = products === null ? [] : strongestDimensions(products, most);
  const colours = palette.value;
  const point = (event: PointerEvent) => {
    show(dimensionAt(scene.track, dimensions, pointIn(event).x));
  };
  const show = (at: number | null) => {
    const now = local.pairCell.peek();
    if (at === null && now?.dimension == null) return;
    if (now?.key !== key || now.dimension !== at) local.pairCell.value = { key, dimension: at };
  };
  return (
    <>
      <div
        ref={box}
        class="aw-pair-bars"
        role="presentation"
        style={{ height: `${scene.height}px` }}
        onPointerMove={point}
        onPointerLeave={() => {
          local.pairCell.value = null;
        }}
      >
        {products !== null && k !== undefined && width > 0 && (
          <Canvas
            width={width}
            height={scene.height}
            paint={(brush) =>
              paintPair(brush, scene, { vectors: [pairs.q, k, products], marked: strongest }, colours)
            }
          />
        )}
      </div>
      {products !== null && k !== undefined && (
        <>
          <Strongest products={products} strongest={strongest} />
          <p class="aw-pair-told">
            {dimension !== null && dimension < dimensions ? (
              <OneDimension shown={shown} k={k} dimension={dimension} />
            ) : (
              <Sums shown={shown} k={k} products={products} strongest={strongest} />
            )}
          </p>
        </>
      )}
    </>
  );
}

interface Told {
  readonly shown: Shown;
  readonly k: Float32Array;
}

function OneDimension({ shown: { pairs }, k, dimension }: Told & { readonly dimension: number }) {
  const q = pairs.q[dimension] ?? 0;
  const other = k[dimension] ?? 0;
  return (
    <span class="aw-pair-dimension">
      dimension {dimension}: q {exact(q)} × k {exact(other)} = <b class="aw-number">{exact(q * other)}</b>
    </span>
  );
}

interface Adding {
  readonly products: Float32Array;
  readonly strongest: readonly number[];
}

function Strongest({ products, strongest }: Adding) {
  return (
    <dl class="aw-pair-adds">
      <dt title="The largest products of either sign">largest</dt>
      {strongest.map((at) => (
        <dd key={at} data-dimension={at}>
          <span class="aw-unit">d{at}</span> <span class="aw-number">{exact(products[at] ?? 0)}</span>
        </dd>
      ))}
    </dl>
  );
}

function Sums({ shown: { pairs, key }, k, products, strongest }: Told & Adding) {
  const sum = strongest.reduce((total, at) => total + (products[at] ?? 0), 0);
  const dot = pairs.dot[key] ?? 0;
  const others = products.length - strongest.length;
  const lengths = lengthOf(pairs.q) * lengthOf(k);
  return (
    <>
      <span>
        these sum to {exact(sum)}
        {others > 0 && `, the other ${others} to ${exact(dot - sum)}`}
      </span>
      <span class="aw-unit">
        length of k {exact(lengthOf(k))} · cosine {exact(lengths > 0 ? dot / lengths : Number.NaN)}
      </span>
    </>
  );
}
