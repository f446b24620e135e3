import { useMemo, useRef, useState } from "preact/hooks";
import { Scale } from "../../controls/Scale";
import { Segmented } from "../../controls/Segmented";
import { spanLabel } from "../../controls/Toolbar";
import { bitmap, Canvas } from "../../display/Canvas";
import { useFigure } from "../../display/figures";
import { useLastGood } from "../../display/last-good";
import { useMeasure } from "../../display/measure";
import { ViewGrid } from "../../display/ViewGrid";
import { useView, useWidth, type View } from "../../display/view";
import { fading, isExplicit, ruleOf } from "../../focus/kept";
import { accent, type Palette } from "../../lib/colour";
import { pieceLabel, shorten, weight } from "../../lib/format";
import type { Filter } from "../../session/filter";
import type { Fusion, Tokens } from "../../wire/types";
import { layersFigure } from "./figure";
import { pointLayers, pressLayers, steerLayers } from "./input";
import { type LayersPicture, paintLayers } from "./paint";
import { stripPixels } from "./pixels";
import { type LayersScene, layersScene, reveal } from "./scene";
import { isVisible, type StripOnShow, stripProblem } from "./strips";

/** The query through all layers: which tokens it reads, or which read it, in each of them. */
export function LayersView() {
  const view = useView();
  const { session, derived, local } = view;
  const cell = local.stripCell.value;
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const [offset, setOffset] = useState(0);
  const { strip, late } = useStrip(view);
  const lay = useLay(view, strip, width);
  const scene = lay === null ? null : lay(offset);
  const picture = usePicture(view, strip, scene?.turned ?? false);
  const tokens = derived.others.value;
  const asked = derived.asked.value;
  const known = strip !== null && tokens !== null;
  const ready = known && scene !== null && picture !== null;
  const problem = stripProblem(session, derived.stripRequest.value);
  useFigure("stage", (look) =>
    ready && asked !== null && lay !== null
      ? layersFigure(strip, asked, lay, derived.filter.peek(), look)
      : null,
  );
  return (
    <figure class="aw-view">
      <Heading strip={strip} tokens={asked} />
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
        reveal={(token) => (scene === null ? null : reveal(scene, token))}
        looked={cell?.token ?? null}
        onScroll={setOffset}
        onPoint={(event) => scene !== null && pointLayers(view, scene, event)}
        onPress={(event) => scene !== null && pressLayers(view, scene, event)}
        onSteer={(event) => strip !== null && steerLayers(view, strip, scene?.turned === true, event)}
        over={ready && <Tooltip strip={strip} scene={scene} tokens={tokens} />}
      >
        {ready && (
          <Canvas
            width={width}
            height={scene.height}
            paint={(brush) => paintLayers(brush, scene, picture, view.palette.value)}
          />
        )}
      </ViewGrid>
      {!known && <p class="aw-view-state">{problem ?? "Reading all layers…"}</p>}
      {known && <Caption strip={strip} problem={strip.exact && !late ? null : problem} />}
    </figure>
  );
}

/** What was there before stays until the next one has come, as long as it is of the same reading and part. */
function useStrip({ derived, session }: View): { strip: StripOnShow | null; late: boolean } {
  const { value, late, current } = useLastGood(session, derived.strip.value);
  const same = current && value?.count === derived.others.value?.pieces.length;
  return { strip: same ? value : null, late };
}

const longestLabel = 12;

/** Makes the scene of a strip: on the page what is seen of it, in a figure as much as may be. */
export type LayLayers = (offset: number, tallest?: number) => LayersScene;

function useLay(view: View, strip: StripOnShow | null, width: number): LayLayers | null {
  const { derived, local, session } = view;
  const tokens = derived.others.value;
  const measure = useMeasure(view.palette.value.font);
  const labels = useMemo(
    () => tokens?.pieces.map((piece) => shorten(pieceLabel(piece), longestLabel)) ?? [],
    [tokens],
  );
  const found = useMemo(() => (strip === null ? null : facts(strip)), [strip]);
  if (strip === null || found === null || width === 0) return null;
  const input = {
    labels: labels.slice(0, strip.count),
    layers: strip.layers,
    ...found,
    width,
    query: derived.map.value?.square === false ? null : strip.query,
    pinnedLayer: derived.head.value?.layer ?? session.clampedHead().layer,
    cell: cellIn(strip, local.stripCell.value),
    measure,
  };
  return (offset, tallest) =>
    layersScene({ ...input, offset, ...(tallest === undefined ? {} : { tallest }) });
}

function cellIn<Cell extends { layer: number; token: number }>(strip: StripOnShow, cell: Cell | null) {
  return cell !== null && cell.layer < strip.layers && cell.token < strip.count ? cell : null;
}

/** Layers without numbers, and the tokens that matter most in any layer. */
function facts({ values, layers, count, sinks }: StripOnShow) {
  const silent = new Set<number>();
  const most = new Float32Array(count);
  for (let layer = 0; layer < layers; layer++) {
    if (Number.isNaN(values[layer * count])) silent.add(layer);
    else
      for (let token = 0; token < count; token++) {
        const amount = sinks[layer]?.has(token) ? 0 : (values[layer * count + token] as number);
        if (amount > (most[token] as number)) most[token] = amount;
      }
  }
  const ranked = Array.from(most.keys()).sort((one, other) => (most[other] ?? 0) - (most[one] ?? 0));
  return { silent, strong: ranked.filter((token) => (most[token] ?? 0) >= 0.1).slice(0, 3) };
}

function usePicture(view: View, strip: StripOnShow | null, turned: boolean): LayersPicture | null {
  const colours = view.palette.value;
  const filter = view.derived.filter.value;
  return useMemo(
    () => (strip === null ? null : pictureOf(strip, turned, filter, colours)),
    [strip, colours, turned, filter],
  );
}

export function pictureOf(
  strip: StripOnShow,
  turned: boolean,
  filter: Filter,
  palette: Palette,
): LayersPicture {
  const { ramp, strong } = accent(palette, strip.direction);
  const { layers, count, values, sinks, peak, exact } = strip;
  const seen = (token: number) => isVisible(strip, token);
  const faded = stripFading(strip, filter);
  const pixels = stripPixels({ layers, count, values, peak, isVisible: seen, fading: faded }, ramp, turned);
  const image = turned ? bitmap(layers, count, pixels) : bitmap(count, layers, pixels);
  const printed = (layer: number, token: number) =>
    seen(token) && (faded?.[layer * count + token] ?? 1) === 1
      ? (values[layer * count + token] ?? null)
      : null;
  const faint = new Set<number>();
  const drawn = sinks.map((found) => (found.size === 0 ? faint : new Set([...found].filter(seen))));
  return { image, printed: exact ? printed : null, sinks: drawn, peak, ramp, strong };
}

/** Each layer's row, or column, by itself. */
function stripFading({ values, layers, count, sinks }: StripOnShow, filter: Filter): Float32Array | null {
  if (!isExplicit(filter)) return null;
  const faded = new Float32Array(values.length);
  for (let layer = 0; layer < layers; layer++) {
    const line = fading(
      values.subarray(layer * count, (layer + 1) * count),
      sinks[layer] ?? new Set(),
      filter,
    );
    if (line !== null) faded.set(line, layer * count);
  }
  return faded;
}

function spoken(
  strip: StripOnShow,
  asked: Tokens,
  tokens: Tokens,
  found: { layer: number; token: number } | null,
): string {
  const query = asked.pieces
    .slice(...strip.query)
    .map(pieceLabel)
    .join(" ");
  const cell = cellIn(strip, found);
  if (cell === null) return `Query ${query}, ${strip.layers} layers`;
  const name = pieceLabel(tokens.pieces[cell.token] ?? "");
  if (cell.layer < 0) return `Token ${name}, Enter looks from it`;
  const verb = strip.direction === "reads" ? "reads" : "is read by";
  return `Layer ${cell.layer}: ${query} ${verb} ${name} ${numberOf(strip, cell.layer, cell.token)}`;
}

function numberOf(strip: StripOnShow, layer: number, token: number): string {
  const value = strip.values[layer * strip.count + token] ?? Number.NaN;
  if (Number.isNaN(value)) return strip.fusion === "single" ? `no head ${strip.head}` : "no attention";
  if (!isVisible(strip, token)) return "not visible";
  return `${strip.exact ? "" : "≈ "}${weight(value)}`;
}

function Tooltip(props: {
  readonly strip: StripOnShow;
  readonly scene: LayersScene;
  readonly tokens: Tokens;
}) {
  const { strip, scene, tokens } = props;
  const cell = cellIn(strip, useView().local.stripCell.value);
  const box = scene.cross;
  if (cell === null || cell.layer < 0 || box === null) return null;
  const x = box.x + box.width / 2;
  return (
    <div
      class="aw-tooltip"
      role="presentation"
      data-flipped={x > scene.width * 0.6}
      style={{ left: `${Math.round(x)}px`, top: `${Math.round(box.y)}px` }}
    >
      layer {cell.layer} · <bdi>{shorten(pieceLabel(tokens.pieces[cell.token] ?? ""), 28)}</bdi>{" "}
      <b class="aw-number">{numberOf(strip, cell.layer, cell.token)}</b>
      {strip.sinks[cell.layer]?.has(cell.token) && <span class="aw-unit"> sink</span>}
    </div>
  );
}

function Heading({ strip, tokens }: { readonly strip: StripOnShow | null; readonly tokens: Tokens | null }) {
  const { session } = useView();
  const { head } = session.clampedHead();
  const choices = [
    { value: "mean", text: "mean of heads", title: "The mean over the heads of each layer" },
    { value: "single", text: `head ${head}`, title: `Head ${head} of each layer` },
    { value: "max", text: "max", title: "At each token the head of the layer that weighs it most" },
  ] as const satisfies readonly { value: Fusion; text: string; title: string }[];
  return (
    <div class="aw-view-head">
      <h3>
        {strip !== null && tokens !== null && (
          <>
            “<bdi>{spanLabel(tokens, strip.query)}</bdi>”{" "}
            {strip.direction === "reads" ? "reads" : "is read by"}, layer by layer
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

export function recipeOf(strip: StripOnShow, filter: Filter): string {
  const silent = strip.values.some(Number.isNaN);
  const hatched = strip.sinks.some((found) => found.size > 0);
  const without = strip.fusion === "single" ? `head ${strip.head}` : "attention";
  return [
    strip.recipe,
    ...(isExplicit(filter)
      ? [`kept: ${ruleOf(filter, strip.direction, hatched)}, layer by layer; the rest is faint`]
      : []),
    ...(hatched ? ["sinks are hatched and outside the scale"] : []),
    ...(silent ? [`a line: a layer without ${without}`] : []),
  ].join(" · ");
}

function Caption({ strip, problem }: { readonly strip: StripOnShow; readonly problem: string | null }) {
  const filter = useView().derived.filter.value;
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">
        {recipeOf(strip, filter)}
        {problem !== null && <span class="aw-view-problem"> {problem}</span>}
      </span>
      <Scale direction={strip.direction} peak={strip.peak} />
    </figcaption>
  );
}
