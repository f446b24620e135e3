import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Segmented } from "../../controls/Segmented";
import { Canvas } from "../../display/Canvas";
import { useFigure } from "../../display/figures";
import { useLabels, useWidest } from "../../display/labels";
import { useLastGood } from "../../display/last-good";
import { ViewGrid } from "../../display/ViewGrid";
import { type Room, useRoom, useView, type View } from "../../display/view";
import { lastOf } from "../../focus/description";
import { shortLabel } from "../../lib/format";
import { NeuronCaption } from "./Caption";
import { type LayNeuron, neuronFigure } from "./figure";
import { pointPairs, pressPairs, steerPairs } from "./input";
import { PairPanel } from "./PairPanel";
import { paintNeuron } from "./paint";
import { fullBeside, type KeyOrder, neuronsOf, openedKey, orderOf, type Pairs, pairsOf } from "./pairs";
import { neuronPicture, type Shown } from "./picture";
import { type NeuronScene, neuronScene, revealRow } from "./scene";
import { neuronRecipe, oneOf, spoken } from "./words";

const orders = [
  { value: "strongest", text: "strongest first", title: "Keys by their weight" },
  { value: "reading", text: "in text order", title: "Keys in the order of the text" },
] as const satisfies readonly { value: KeyOrder; text: string; title: string }[];

const longestLabel = 13;

/** How the weights of one query come about: its vector, the keys' vectors, and every step to the softmax. */
export function NeuronView() {
  const view = useView();
  const { session, local } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const [offset, setOffset] = useState(0);
  const { pairs, late, problem } = usePairs(view);
  const shown = useShown(view, pairs);
  const lay = useLay(shown, room);
  const scene = lay === null ? null : lay(offset);
  const recipe = shown === null ? "" : neuronRecipe(view, shown);
  useFigure("stage", (look) =>
    shown === null || lay === null ? null : neuronFigure(shown, lay, offset, recipe, look),
  );
  useSight(view, scene);
  const colours = view.palette.value;
  const key = shown?.key ?? 0;
  const reading = neuronsOf(session).order.value === "reading";
  return (
    <figure
      class="aw-view"
      data-neuron={shown === null ? undefined : `L${shown.pairs.layer}H${shown.pairs.head}`}
    >
      <div class="aw-view-head">
        <h3>
          {shown !== null && (
            <>
              How “<bdi>{shortLabel(shown.pairs.piece, 20)}</bdi>” reads
              <span class="aw-unit">
                {lastOf(pairsOf(view).asked.value)} layer {shown.pairs.layer}, head {shown.pairs.head}
                {oneOf(session)}
              </span>
            </>
          )}
        </h3>
        {shown !== null && (
          <Segmented
            label="Order of keys"
            choices={orders}
            value={neuronsOf(session).order.value}
            onChoose={(order) => {
              neuronsOf(session).order.value = order;
            }}
          />
        )}
      </div>
      {shown === null ? (
        <p class="aw-view-state">{problem ?? "Computing queries and keys…"}</p>
      ) : (
        <PairPanel shown={shown} />
      )}
      <ViewGrid
        name="neuron"
        label="The keys of one query, and how each weight comes about"
        spoken={shown === null ? "" : spoken(shown, local.pairCell.value?.dimension ?? null)}
        data={{ keys: shown?.order.length, dimensions: shown?.pairs.q.length, opened: shown?.key }}
        busy={late}
        scroller={scroller}
        extent={scene}
        reveal={(row) => (scene === null ? null : revealRow(scene, row))}
        home={reading ? (shown?.pairs.query ?? 0) : 0}
        looked={local.pairCell.value === null || shown === null ? null : shown.order.indexOf(key)}
        onScroll={setOffset}
        onPoint={(event) => scene !== null && shown !== null && pointPairs(view, scene, shown.order, event)}
        onPress={(event) => scene !== null && shown !== null && pressPairs(view, scene, shown.order, event)}
        onSteer={(event) => shown !== null && steerPairs(view, shown, event)}
      >
        {shown !== null && scene !== null && (
          <Canvas
            width={scene.width}
            height={scene.height}
            paint={(brush) => paintNeuron(brush, scene, neuronPicture(shown, scene, colours), colours)}
          />
        )}
      </ViewGrid>
      {shown !== null && <NeuronCaption recipe={recipe} problem={late ? problem : null} />}
    </figure>
  );
}

/** What was there before stays until the next one has come, as long as it is of the same reading and part. */
function usePairs(view: View) {
  const { session } = view;
  const { request: wanted, pairs } = pairsOf(view);
  const request = wanted.value;
  const { value, late, current } = useLastGood(session, pairs.value);
  const problem = request === null ? null : neuronsOf(session).problem(request);
  return { pairs: current && (!late || problem === null) ? value : null, late, problem };
}

function useShown({ session, local, derived }: View, pairs: Pairs | null): Shown | null {
  const order = neuronsOf(session).order.value;
  const cell = local.pairCell.value;
  const opened = local.openKey.value;
  const standing = useMemo(() => (pairs === null ? [] : orderOf(pairs, order)), [pairs, order]);
  if (pairs === null) return null;
  const full = fullBeside(pairs, derived.map.value, derived.scale.value);
  return { pairs, order: standing, key: openedKey(pairs, cell?.key, opened), cell, kept: opened, full };
}

function useLay(shown: Shown | null, { width, tallest }: Room): LayNeuron | null {
  const widest = useWidest(useLabels(shown?.pairs.pieces, longestLabel), 12);
  if (shown === null || width === 0) return null;
  const { pairs, order, key, cell } = shown;
  const input = {
    count: order.length,
    dimensions: pairs.q.length,
    width,
    widest,
    bent: pairs.bias !== null || pairs.softcap !== null,
    row: cell === null ? null : order.indexOf(key),
    dimension: cell?.dimension ?? null,
  };
  return (offset, most = tallest) => neuronScene({ ...input, offset, tallest: most });
}

/** What is in sight says which vectors are asked for. */
function useSight({ local }: View, scene: NeuronScene | null): void {
  const [from, to] = scene?.seen ?? [0, 0];
  useLayoutEffect(() => {
    local.keyRows.value = [from, to];
  }, [local, from, to]);
}

/** "q 1.2 × k 0.5 = 0.6" */
