import { useMemo, useRef, useState } from "preact/hooks";
import { Scale } from "../../controls/Scale";
import { Segmented } from "../../controls/Segmented";
import { spanLabel } from "../../controls/Toolbar";
import { Canvas } from "../../display/Canvas";
import { Caption } from "../../display/Caption";
import { useFigure } from "../../display/figures";
import { useWordLabels } from "../../display/labels";
import { useLastGood } from "../../display/last-good";
import { useMeasure } from "../../display/measure";
import { Tooltip } from "../../display/Tooltip";
import { ViewGrid } from "../../display/ViewGrid";
import { type Room, useRoom, useView, type View } from "../../display/view";
import { type StripOnShow, stripOf } from "../../focus/strips";
import { fullTone } from "../../lib/colour";
import { shortLabel } from "../../lib/format";
import { fullest } from "../../surface/picture/paint";
import type { Fusion, Tokens } from "../../wire/types";
import { layersFigure } from "./figure";
import { pointLayers, pressLayers, steerLayers } from "./input";
import { LayersPictures, picturedIn } from "./Pictures";
import { type LayersPicture, paintLayers } from "./paint";
import { cellIn, factsOf, type LayLayers, pictureOf } from "./picture";
import { type LayersScene, layersScene, reveal, revealQuery } from "./scene";
import { numberOf, recipeOf, spoken } from "./words";

/** The query through all layers: which tokens it reads, or which read it, in each of them. Of a picture, over it. */
export function LayersView() {
  const view = useView();
  const { derived } = view;
  const { strip, late } = useStrip(view);
  const [tokens, asked] = [derived.others.value, derived.asked.value];
  const pictured = picturedIn(view, tokens);
  if (pictured === null || strip === null || tokens === null || asked === null) return <LayersStrip />;
  return (
    <figure class="aw-view">
      <LayersHeading strip={strip} tokens={asked} />
      <LayersPictures {...pictured} strip={strip} tokens={tokens} asked={asked} late={late} />
      <LayersCaption strip={strip} problem={null} covers={fullest} />
    </figure>
  );
}

/** A row for every token, a column for every layer. */
function LayersStrip() {
  const view = useView();
  const { session, derived, local } = view;
  const cell = local.stripCell.value;
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const [offset, setOffset] = useState(0);
  const { strip, late } = useStrip(view);
  const found = useMemo(() => (strip === null ? null : factsOf(strip)), [strip]);
  const lay = useLay(view, strip, found, room);
  const scene = lay === null ? null : lay(offset);
  const picture = usePicture(view, strip, scene?.turned ?? false);
  const tokens = derived.others.value;
  const asked = derived.asked.value;
  const known = strip !== null && tokens !== null;
  const ready = known && scene !== null && picture !== null;
  const { problem } = session.memory.answer(stripOf(view).wish.value);
  const home = useHome(view, strip);
  const bringing = (token: number) => {
    if (scene === null || strip === null || found === null) return null;
    const square = derived.map.value?.square !== false;
    return token === home && square && strip.query[0] === home
      ? revealQuery(scene, strip.query, found.sums)
      : reveal(scene, token);
  };
  useFigure("stage", (look) =>
    ready && asked !== null && lay !== null
      ? layersFigure(strip, asked, lay, derived.filter.peek(), derived.scale.peek(), look)
      : null,
  );
  return (
    <figure class="aw-view">
      <LayersHeading strip={strip} tokens={asked} />
      {!known && <p class="aw-view-state">{problem ?? "Computing all layers…"}</p>}
      <ViewGrid
        name="layers"
        label="The query through all layers: layers and tokens"
        spoken={known && asked !== null ? spoken(strip, asked, tokens, cell) : ""}
        data={{
          layers: strip?.layers,
          tokens: strip?.count,
          exact: strip === null ? undefined : strip.exact && !late,
          turned: scene?.turned,
        }}
        busy={late}
        scroller={scroller}
        extent={scene}
        reveal={bringing}
        home={home}
        looked={cell?.token ?? null}
        onScroll={setOffset}
        onPoint={(event) => scene !== null && pointLayers(view, scene, event)}
        onPress={(event) => scene !== null && pressLayers(view, scene, event)}
        onSteer={(event) => strip !== null && steerLayers(view, strip, scene?.turned === true, event)}
        over={ready && <Tip strip={strip} scene={scene} tokens={tokens} />}
      >
        {ready && (
          <Canvas
            width={scene.width}
            height={scene.height}
            paint={(brush) => paintLayers(brush, scene, picture, view.palette.value)}
          />
        )}
      </ViewGrid>
      {known && <LayersCaption strip={strip} problem={strip.exact && !late ? null : problem} />}
    </figure>
  );
}

/** The pinned query as soon as it is known what it reads: a token that is only pointed at moves nothing. */
function useHome({ session }: View, strip: StripOnShow | null): number {
  const last = useRef<number | null>(null);
  const [start] = session.shown.value?.frame.header.query ?? [-1];
  if (strip !== null && strip.query[0] === start) last.current = start;
  return last.current ?? start;
}

/** What was there before stays until the next one has come, as long as it is of the same reading and part. */
function useStrip(view: View): { strip: StripOnShow | null; late: boolean } {
  const { derived, session } = view;
  const { value, late, current } = useLastGood(session, stripOf(view).strip.value);
  const same = current && value?.count === derived.others.value?.pieces.length;
  return { strip: same ? value : null, late };
}

const longestLabel = 12;

function useLay(
  view: View,
  strip: StripOnShow | null,
  found: ReturnType<typeof factsOf> | null,
  { width, tallest }: Room,
): LayLayers | null {
  const { derived, local, session } = view;
  const tokens = derived.others.value;
  const measure = useMeasure(view.palette.value.font);
  const labels = useWordLabels(tokens, longestLabel);
  if (strip === null || found === null || width === 0) return null;
  const { silent, strong } = found;
  const input = {
    labels: labels.slice(0, strip.count),
    layers: strip.layers,
    silent,
    strong,
    width,
    query: derived.map.value?.square === false ? null : strip.query,
    pinnedLayer: derived.head.value?.layer ?? session.clampedHead().layer,
    cell: cellIn(strip, local.stripCell.value),
    measure,
  };
  return (offset, most = tallest) => layersScene({ ...input, offset, tallest: most });
}

function usePicture(view: View, strip: StripOnShow | null, turned: boolean): LayersPicture | null {
  const colours = view.palette.value;
  const { filter, scale } = view.derived;
  return useMemo(
    () => (strip === null ? null : pictureOf(strip, turned, filter.value, scale.value, colours)),
    [strip, colours, turned, filter.value, scale.value],
  );
}

function Tip(props: { readonly strip: StripOnShow; readonly scene: LayersScene; readonly tokens: Tokens }) {
  const { strip, scene, tokens } = props;
  const cell = cellIn(strip, useView().local.stripCell.value);
  const box = scene.cross;
  if (cell === null || cell.layer < 0 || box === null) return null;
  return (
    <Tooltip x={box.x + box.width / 2} y={box.y} width={scene.width}>
      layer {cell.layer} · <bdi>{shortLabel(tokens.pieces[cell.token], 28)}</bdi>{" "}
      <b class="aw-number">{numberOf(strip, cell.layer, cell.token)}</b>
      {strip.sinks[cell.layer]?.has(cell.token) && <span class="aw-unit"> sink</span>}
    </Tooltip>
  );
}

function LayersHeading({
  strip,
  tokens,
}: {
  readonly strip: StripOnShow | null;
  readonly tokens: Tokens | null;
}) {
  const { session } = useView();
  const { head } = session.clampedHead();
  const [start, stop] = strip?.query ?? [0, 1];
  const choices = [
    { value: "mean", text: "mean of all heads", title: "The mean over the heads of each layer" },
    { value: "single", text: `head ${head} of each`, title: `Head ${head} of each layer` },
    {
      value: "max",
      text: "max of all",
      title: "For each token, the head of the layer with the largest weight",
    },
  ] as const satisfies readonly { value: Fusion; text: string; title: string }[];
  return (
    <div class="aw-view-head">
      <h3>
        {strip !== null && tokens !== null && (
          <>
            “<bdi>{spanLabel(tokens, strip.query)}</bdi>”{" "}
            {strip.direction === "reads" ? "reads" : "is read by"}, layer by layer
            {stop - start > 1 && (
              <span class="aw-unit">
                {" "}
                ({strip.direction === "reads" ? "mean" : "sum"} of {stop - start})
              </span>
            )}
          </>
        )}
      </h3>
      <Segmented
        label="Heads of a layer"
        choices={choices}
        value={session.traits.look.value.layers}
        onChoose={(layers) => session.setLook({ layers })}
      />
    </div>
  );
}

interface LayersCaptionProps {
  readonly strip: StripOnShow;
  readonly problem: string | null;
  readonly covers?: number;
}

function LayersCaption({ strip, problem, covers }: LayersCaptionProps) {
  const { filter, scale } = useView().derived;
  const full = fullTone(scale.value, strip.peak);
  return (
    <Caption
      problem={problem}
      aside={<Scale direction={strip.direction} full={full} signed={strip.signed === true} covers={covers} />}
    >
      {recipeOf(strip, filter.value, scale.value)}
    </Caption>
  );
}
