import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Scale } from "../../controls/Scale";
import { sentence } from "../../controls/Toolbar";
import { Caption } from "../../display/Caption";
import { type Figure, type FigureLook, useFigure } from "../../display/figures";
import { useView, useWidth, type View } from "../../display/view";
import { isExplicit, ruleOf, sinkNote, sinksOf } from "../../focus/kept";
import { cellIn, type MapOnShow } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import { pieceLabel, weight } from "../../lib/format";
import { Extent, extentLabel } from "../../matrix/Extent";
import type { Steered } from "../../matrix/input";
import { Matrix } from "../../matrix/Matrix";
import { paintMatrix } from "../../matrix/paint";
import { atRest, inkWidth, type MatrixScene, matrixScene } from "../../matrix/scene";
import { useFrame } from "../../matrix/use-frame";
import type { Filter } from "../../session/filter";
import type { Tokens } from "../../wire/types";
import { Tip } from "./Tip";
import { type Picture, type Reading, usePicture, useReading, useTiled } from "./use-picture";

/** What is on show can be asked of the element. */
type Told = HTMLDivElement & { weights?: Float32Array | undefined };

/** The map on show as a matrix. It can be zoomed; what is pooled then comes as exact tiles. */
export function MatrixView() {
  const view = useView();
  const host = useRef<Told>(null);
  const width = useWidth(host);
  const map = view.derived.map.value;
  const cell = cellIn(map, view.local.cell.value);
  const scene = useScene(view, map, cell, width);
  const tiled = useTiled(view, map);
  const picture = usePicture(view, map, tiled, scene);
  const reading = useReading(view, map, tiled, cell);
  const ready = map !== null && scene !== null && picture !== null;
  useLayoutEffect(() => {
    if (host.current !== null) host.current.weights = map?.values;
  }, [map]);
  useFigure("stage", (look) => (ready ? matrixFigure(view, map, scene, picture, look) : null));
  return (
    <figure class="aw-view">
      <Matrix
        name="matrix"
        label="Attention matrix: queries downwards, keys to the right"
        spoken={map === null ? "" : spoken(view, map, cell, reading)}
        data={{
          rows: map?.rows,
          columns: map?.columns,
          exact: map?.exact,
          tiles: picture?.tiles ?? undefined,
        }}
        host={host}
        scene={scene}
        picture={picture}
        steered={steeredMap(view, scene)}
        over={ready && cell !== null && <Tip map={map} scene={scene} cell={cell} reading={reading} />}
      />
      {ready && <MatrixCaption map={map} scene={scene} picture={picture} />}
    </figure>
  );
}

/** Its rows and columns are the tokens of the text. */
function steeredMap({ local, derived }: View, scene: MatrixScene | null): Steered {
  const { viewport, cell } = local;
  return { scene, viewport, cell, tokenOf: (_side, place) => place, start: () => startCell(derived) };
}

/** Where the keyboard begins: at the query and what it reads most. */
function startCell({ map, focus, reads, readBy }: View["derived"]): Cell {
  const [token] = focus.peek();
  const other = (ranked: typeof reads) => ranked.peek()[0]?.token ?? 0;
  return map.peek()?.direction === "read_by"
    ? { query: other(readBy), key: token }
    : { query: token, key: other(reads) };
}

function useScene(view: View, map: MapOnShow | null, cell: Cell | null, width: number): MatrixScene | null {
  const { derived, local } = view;
  const { tokens, keys } = derived;
  const { input, frame } = useFrame(tokens.value?.pieces, keys.value?.pieces, width);
  if (map === null) return null;
  const focused = derived.direction.value;
  const ranked = focused === "reads" ? derived.reads.value : derived.readBy.value;
  const strong = ranked.filter(({ weight }) => weight >= 0.1).slice(0, 3);
  return matrixScene(
    {
      ...input,
      direction: map.direction,
      focused,
      query: map.query,
      focus: derived.focus.value,
      cell,
      strong: strong.map(({ token }) => token),
      viewport: local.viewport.value,
    },
    frame,
  );
}

function spoken({ derived }: View, map: MapOnShow, cell: Cell | null, reading: Reading | null): string {
  const name = (tokens: Tokens | null, token: number) => pieceLabel(tokens?.pieces[token]);
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

function MatrixCaption({ map, scene, picture }: CaptionProps) {
  const { local, derived } = useView();
  const keys = derived.keys.value;
  const beyond = useMemo(() => sinkNote(map, keys), [map, keys]);
  return (
    <Caption
      aside={
        <span class="aw-aside">
          <Scale direction={map.direction} peak={map.peak} />
          <Extent scene={scene} viewport={local.viewport} />
        </span>
      }
    >
      {map.recipe}
      {beyond}
      {filterNote(map, derived.filter.value)}
      {pooledNote(map, picture)}
    </Caption>
  );
}

/** What is in sight of the map, as on the page. */
function matrixFigure(
  { derived }: View,
  map: MapOnShow,
  onShow: MatrixScene,
  picture: Picture,
  { palette, outlined }: FigureLook,
): Figure {
  const scene = atRest(onShow, outlined);
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
  if (map.pooling > 1) return " · a text this long is shown whole: no filter";
  return ` · kept: ${ruleOf(filter, map.direction, sinksOf(map, map.direction).size > 0)}; the rest is faint`;
}

/** What the recipe of a pooled map does not know: that here, for what is in sight, it is not. */
function pooledNote(map: MapOnShow, { tiles }: Picture): string {
  if (tiles === "exact") return " · zoomed in: exact pairs";
  if (tiles === "loading") return " · exact pairs are on their way";
  return map.exact && map.pooling > 1 ? " · Ctrl + wheel zooms to exact pairs" : "";
}
