import { useEffect, useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Scale } from "../../controls/Scale";
import { sentence } from "../../controls/Toolbar";
import { Canvas } from "../../display/Canvas";
import { type Figure, type FigureLook, useFigure } from "../../display/figures";
import { useGuard } from "../../display/guard";
import { useMeasure } from "../../display/measure";
import { Spoken } from "../../display/Spoken";
import { clearHover, useView, useWidth, type View } from "../../display/view";
import { isExplicit, ruleOf, sinkNote, sinksOf } from "../../focus/kept";
import { cellIn, type MapOnShow } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import { pieceLabel, shorten, weight } from "../../lib/format";
import { steerMatrix } from "../../matrix/input";
import { paintMatrix } from "../../matrix/paint";
import { inkWidth, type MatrixScene, matrixFrame, matrixScene } from "../../matrix/scene";
import { wholeMap } from "../../matrix/viewport";
import type { Filter } from "../../session/filter";
import type { Span, Tokens } from "../../wire/types";
import { Tooltip } from "./Tooltip";
import { type Picture, type Reading, usePicture, useReading, useTiled } from "./use-picture";

/** What is on show can be asked of the element. */
type Told = HTMLDivElement & { weights?: Float32Array | undefined };

/** The map on show as a matrix: queries downwards, keys to the right. It can be zoomed; what is pooled then comes as exact tiles. */
export function MatrixView() {
  const view = useView();
  const host = useRef<Told>(null);
  const width = useWidth(host);
  const id = useId();
  const map = view.derived.map.value;
  const cell = cellIn(map, view.local.cell.value);
  const scene = useScene(view, map, cell, width);
  const tiled = useTiled(view, map);
  const picture = usePicture(view, map, tiled, scene);
  const reading = useReading(view, map, tiled, cell);
  const ready = map !== null && scene !== null && picture !== null;
  useSteering(host, view, scene);
  useLayoutEffect(() => {
    if (host.current !== null) host.current.weights = map?.values;
  }, [map]);
  useFigure("stage", (look) => (ready ? matrixFigure(view, map, scene, picture, look) : null));
  return (
    <figure class="aw-view">
      <div
        ref={host}
        class="aw-matrix"
        role="grid"
        tabIndex={0}
        aria-label="Attention matrix: queries downwards, keys to the right"
        aria-keyshortcuts="+ - 0"
        aria-activedescendant={id}
        data-rows={map?.rows}
        data-columns={map?.columns}
        data-exact={map?.exact}
        data-extent={scene?.zoomed ? [...scene.rows, ...scene.columns].join(" ") : undefined}
        data-tiles={picture?.tiles ?? undefined}
        onBlur={() => clearHover(view)}
      >
        <Spoken id={id}>{map === null ? "" : spoken(view, map, cell, reading)}</Spoken>
        {ready && width > 0 && (
          <Canvas
            width={width}
            height={scene.height}
            paint={(brush) => paintMatrix(brush, scene, picture, view.palette.value)}
          />
        )}
        {ready && <Tooltip map={map} scene={scene} reading={reading} />}
      </div>
      {ready && <Caption map={map} scene={scene} picture={picture} />}
    </figure>
  );
}

function useSteering(
  host: { readonly current: HTMLDivElement | null },
  view: View,
  scene: MatrixScene | null,
): void {
  const newest = useRef(scene);
  const guard = useGuard();
  newest.current = scene;
  useEffect(() => {
    if (host.current === null) return;
    const life = new AbortController();
    steerMatrix(host.current, view, () => newest.current, life.signal, guard);
    return () => life.abort();
  }, [view]);
}

const longestLabel = 12;

function useScene(view: View, map: MapOnShow | null, cell: Cell | null, width: number): MatrixScene | null {
  const { derived, local } = view;
  const font = view.palette.value.font;
  const queries = derived.tokens.value;
  const keys = derived.keys.value;
  const labels = useMemo(() => labelsOf(queries), [queries]);
  const keyLabels = useMemo(() => (keys === queries ? labels : labelsOf(keys)), [queries, keys, labels]);
  const measure = useMeasure(font);
  const frame = useMemo(
    () => matrixFrame({ labels, keyLabels, width, measure }),
    [labels, keyLabels, width, measure],
  );
  if (map === null) return null;
  const focused = derived.direction.value;
  const ranked = focused === "reads" ? derived.reads.value : derived.readBy.value;
  const strong = ranked.filter(({ weight }) => weight >= 0.1).slice(0, 3);
  return matrixScene(
    {
      labels,
      keyLabels,
      width,
      measure,
      direction: map.direction,
      ...(focused === map.direction ? {} : { focused }),
      query: map.query,
      focus: derived.focus.value,
      cell,
      strong: strong.map(({ token }) => token),
      viewport: local.viewport.value,
    },
    frame,
  );
}

function labelsOf(tokens: Tokens | null): string[] {
  return tokens?.pieces.map((piece) => shorten(pieceLabel(piece), longestLabel)) ?? [];
}

function spoken({ derived }: View, map: MapOnShow, cell: Cell | null, reading: Reading | null): string {
  const name = (tokens: Tokens | null, token: number) => pieceLabel(tokens?.pieces[token] ?? "");
  if (cell === null) return `Query ${name(derived.asked.value, map.query[0])}`;
  const pair = `${name(derived.tokens.value, cell.query)} reads ${name(derived.keys.value, cell.key)}`;
  if (reading === null) return `${pair}: not visible`;
  return `${pair} ${reading.kind === "exact" ? "" : `${reading.kind} `}${weight(reading.value)}`;
}

interface CaptionProps {
  readonly map: MapOnShow;
  readonly scene: MatrixScene;
  readonly picture: Picture;
}

function Caption({ map, scene, picture }: CaptionProps) {
  const { local, derived } = useView();
  const keys = derived.keys.value;
  const beyond = useMemo(() => sinkNote(map, keys), [map, keys]);
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">
        {map.recipe}
        {beyond}
        {filterNote(map, derived.filter.value)}
        {pooledNote(map, picture)}
      </span>
      <span class="aw-aside">
        <Scale direction={map.direction} peak={map.peak} />
        {scene.zoomed && (
          <button
            type="button"
            class="aw-extent"
            title="Show the whole map (0, or double-click)"
            onClick={() => {
              local.viewport.value = wholeMap;
            }}
          >
            {extentLabel(scene)}
          </button>
        )}
      </span>
    </figcaption>
  );
}

function extentLabel({ rows, columns }: MatrixScene): string {
  const through = ([start, stop]: Span) => `${start}–${stop - 1}`;
  return `queries ${through(rows)} · keys ${through(columns)}`;
}

/** What is in sight of the map, as on the page. */
function matrixFigure(
  { derived }: View,
  map: MapOnShow,
  onShow: MatrixScene,
  picture: Picture,
  { palette, outlined }: FigureLook,
): Figure {
  const scene = { ...onShow, cross: null, guides: [], focusBand: null, band: outlined ? onShow.band : null };
  const tokens = derived.asked.peek();
  const note = sinkNote(map, derived.keys.peek()) + filterNote(map, derived.filter.peek());
  const { title, direction, peak } = map;
  return {
    name: "matrix",
    title: tokens === null ? title : `${title} · ${sentence(tokens, map.query, direction)}`,
    width: inkWidth(scene),
    height: scene.height,
    caption: map.recipe + note + (scene.zoomed ? ` · ${extentLabel(scene)}` : ""),
    direction,
    peak,
    paint: (brush) => paintMatrix(brush, scene, picture.repainted(palette), palette),
  };
}

/** What is kept of the cells; the rest is faint. */
export function filterNote(map: MapOnShow, filter: Filter): string {
  if (!isExplicit(filter)) return "";
  if (map.pooling > 1) return " · so long a text is shown whole: no filter";
  return ` · kept: ${ruleOf(filter, map.direction, sinksOf(map, map.direction).size > 0)}; the rest is faint`;
}

/** What the recipe of a pooled map does not know: that here, for what is in sight, it is not. */
function pooledNote(map: MapOnShow, { tiles }: Picture): string {
  if (tiles === "exact") return " · zoomed in: exact pairs";
  if (tiles === "loading") return " · exact pairs are on their way";
  return map.exact && map.pooling > 1 ? " · Ctrl + wheel zooms to exact pairs" : "";
}
