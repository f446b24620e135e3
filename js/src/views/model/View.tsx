import { useMemo } from "preact/hooks";
import { EffectScale, LinearScale, Scale } from "../../controls/Scale";
import { Caption } from "../../display/Caption";
import { Tooltip } from "../../display/Tooltip";
import { useView, type View } from "../../display/view";
import { changeLegend, effectRecipe } from "../../focus/effect-words";
import { headName, named } from "../../heads/found";
import { HeadGrid } from "../../heads/HeadGrid";
import { metricIn, metricShown, metricSoFar, refusalAt, titleOf } from "../../heads/metrics";
import { scaleNote } from "../../heads/picture";
import { ShadeChoice } from "../../heads/ShadeChoice";
import { type GridScene, headRect } from "../../heads/scene";
import { effectsShown, searchOf } from "../../heads/search";
import { fullNumber, scaleOf, spokenName } from "../../heads/shades";
import { useFound } from "../../heads/use-picture";
import { keptOf, layersDone } from "../../heads/words";
import { fullEffect, fullTone, type ToneScale } from "../../lib/colour";
import { clauses } from "../../lib/format";
import { othersOf } from "../../session/axes";
import { fullest } from "../../surface/picture/paint";
import { AfterOnly } from "../../what-if/AfterOnly";
import type { Metric } from "../../wire/metric";
import type { Direction, Frame } from "../../wire/types";
import { type HeadRows, headRows } from "./head-pictures";
import { HeadPictures } from "./Pictures";
import { previewRecipe } from "./words";

/** The grid of all heads, grown to the stage. */
export function ModelView() {
  const view = useView();
  const { session } = view;
  const metric = metricShown(session);
  const found = useFound(view);
  const by = searchOf(session).by.value;
  const busy = metricIn(session) === null && session.shown.value !== null;
  const refused = refusalAt(session, by);
  const pictured = usePictured(view);
  return (
    <figure class="aw-view aw-all-heads" data-by={by} aria-busy={busy && refused === null}>
      <div class="aw-view-head">
        <ShadeChoice />
        <h3 class="aw-model-state">
          {refused ?? (busy ? measuring(metric) : found === null ? "" : keptOf(session, found))}
        </h3>
      </div>
      <div class="aw-grid-room">
        {pictured !== null ? (
          <HeadPictures {...pictured} />
        ) : (
          <HeadGrid large over={(scene) => <HeadTip scene={scene} metric={metric} />} />
        )}
      </div>
      {pictured !== null ? <PicturesCaption rows={pictured.rows} /> : <ModelCaption metric={metric} />}
    </figure>
  );
}

/** Every head over the picture, where there is one and maps are shown; null for the grid. */
function usePictured({ session, derived }: View) {
  const frame = session.shown.value?.frame ?? null;
  const tokens = derived.map.value === null ? null : othersShown(frame);
  const rows = useMemo(
    () => (frame === null || tokens === null ? null : headRows(frame, tokens)),
    [frame, tokens],
  );
  const [picture, another] = frame?.header.pictures ?? [];
  const metrics = searchOf(session).shade.value === "values" || effectsShown(session) !== null;
  if (rows === null || picture === undefined || another !== undefined || metrics) return null;
  return { rows, picture, places: tokens?.places ?? [] };
}

function othersShown(frame: Frame | null) {
  return frame === null ? null : othersOf(frame.header, frame.header.direction);
}

function PicturesCaption({ rows }: { readonly rows: HeadRows }) {
  const full = fullTone(useView().derived.scale.value, rows.peak);
  return (
    <Caption aside={<Scale direction={rows.direction} full={full} covers={fullest} />}>
      {previewRecipe}
    </Caption>
  );
}

/** What is said while all heads are measured: the first layer takes as long as any. */
function measuring(soFar: Metric | null): string {
  const progress = soFar === null ? "" : layersDone(soFar);
  return progress === "" ? "Measuring all heads…" : `Measuring all heads: ${progress}…`;
}

function HeadTip({ scene, metric }: { readonly scene: GridScene; readonly metric: Metric | null }) {
  const { session, local } = useView();
  const head = local.hoverHead.value;
  if (head === null) return null;
  const { x, y, width } = headRect(scene, head.layer, head.head);
  const names = metricSoFar(session, named);
  const at = (of: Metric) => of.values[head.layer * of.heads + head.head] ?? Number.NaN;
  const label = names?.labels?.[head.layer]?.[head.head] ?? "";
  return (
    <Tooltip x={x + width / 2} y={y} width={scene.width}>
      <b class="aw-number">{headName(head)}</b>
      {names !== null && label !== "" && ` ${spokenName(label, at(names))}`}
      {metric !== null && metric.labels === null && (
        <span class="aw-unit">
          {" "}
          {titleOf(session, metric.name)} {fullNumber(at(metric), metric.unit)}
        </span>
      )}
    </Tooltip>
  );
}

/** How the cells came about, and what stays. */
function ModelCaption({ metric }: { readonly metric: Metric | null }) {
  const view = useView();
  const { session } = view;
  const shown = session.shown.value;
  const found = useFound(view);
  if (shown === null) return null;
  const { direction } = shown.frame.header;
  const signed = shown.frame.changes != null;
  const values = searchOf(session).shade.value === "values" && metric !== null;
  const known = effectsShown(session);
  const fading = found !== null && found.kept !== null;
  return (
    <Caption
      aside={
        known !== null ? (
          <EffectScale full={fullEffect(known.effects.values)} unit={known.effects.unit} />
        ) : values ? (
          <MetricScale metric={metric} direction={direction} />
        ) : (
          <GridScale direction={direction} signed={signed} />
        )
      }
    >
      {(values || known !== null) && <AfterOnly />}
      {clauses(
        fading ? `${keptOf(session, found)}; the others are faint` : "",
        fading && !values && metric !== null ? metric.recipe : "",
        known !== null
          ? effectRecipe(known)
          : values
            ? metric.recipe
            : mapsRecipe(shown.frame, view.derived.scale.value),
      )}
    </Caption>
  );
}

function GridScale({ direction, signed }: { readonly direction: Direction; readonly signed: boolean }) {
  const scale = useView().derived.scale.value;
  if (scale === "stretch") return null;
  return <Scale direction={direction} full={scale} signed={signed} />;
}

/** A metric of names has no scale. */
function MetricScale({ metric, direction }: { readonly metric: Metric; readonly direction: Direction }) {
  if (metric.labels !== null) return null;
  const { low, high } = scaleOf(metric);
  return (
    <LinearScale
      direction={direction}
      from={fullNumber(low, metric.unit)}
      to={fullNumber(high, metric.unit)}
    />
  );
}

function mapsRecipe({ header, thumbnails, changes }: Frame, scale: ToneScale): string {
  const queries = header.tokens.pieces.length;
  const keys = header.key_tokens?.pieces.length ?? queries;
  const [, , rows = 0, columns = 0] = thumbnails?.shape ?? [];
  return clauses(
    rows < queries ? `${rows} of ${queries} queries` : "",
    columns < keys ? `the largest ${changes == null ? "key" : "change"} of each of ${columns} stretches` : "",
    changes == null ? "" : changeLegend,
    `softmax weights of every head, queries downwards, ${scaleNote(scale)}`,
  );
}
